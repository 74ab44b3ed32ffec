/** What a simulated phone has received, and who waits for more of it. */
import type { ImdnDisposition } from '../wire/imdn.js';
import { readArrival, type ReceiptStatus } from './phone-cpim.js';

export interface InboxMessage {
  readonly messageId: string;
  readonly from: string;
  readonly to: string;
  readonly contentType: string;
  readonly text: string;
  readonly content: Buffer;
  readonly trafficType: string | undefined;
  readonly way: Way;
  readonly receivedAt: string;
}

export interface InboxReceipt {
  readonly messageId: string;
  readonly status: ImdnDisposition['status'];
  readonly way: Way;
}

export interface InboxDocument {
  readonly from: string;
  /** P-Asserted-Identity. */
  readonly identity: string;
  readonly contentType: string;
  readonly content: Buffer;
}

export interface Arrival {
  readonly bot: string;
  readonly to: string;
  readonly contentType: string;
  readonly content: Buffer;
  readonly way: Way;
  readonly identity?: string;
}

/** Receipts that a message asks for. */
export interface Asked {
  readonly messageId: string;
  readonly statuses: readonly ReceiptStatus[];
}

type Way = 'session' | 'pager';

/** Of each kind; then the oldest are forgotten. */
const maxKept = 10_000;

export class PhoneBox {
  readonly messages: InboxMessage[] = [];
  readonly receipts: InboxReceipt[] = [];
  readonly composing: ('active' | 'idle')[] = [];
  readonly documents: InboxDocument[] = [];
  private readonly watchers = new Set<() => void>();

  /** What it asks for in return; throws DecodeError. */
  take({ bot, to, way, identity = '', ...arrival }: Arrival): Asked | undefined {
    const reading = readArrival(arrival.contentType, arrival.content);
    switch (reading.kind) {
      case 'document':
        keepLast(this.documents, { from: bot, identity, ...arrival });
        return undefined;
      case 'composing':
        keepLast(this.composing, reading.state);
        return undefined;
      case 'receipt':
        keepLast(this.receipts, { messageId: reading.messageId, status: reading.status, way });
        return undefined;
      case 'message': {
        const { messageId, contentType, content, trafficType, asked } = reading;
        const receivedAt = new Date().toISOString();
        const text = content.toString('utf8');
        keepLast(this.messages, { messageId, from: bot, to, contentType, text, content, trafficType, way, receivedAt });
        return { messageId, statuses: asked };
      }
    }
  }

  /** Whoever waits looks again. */
  changed(): void {
    for (const watcher of this.watchers) watcher();
  }

  /** Resolves as soon as `holds`; rejects after the time. */
  async until(holds: () => boolean, timeoutMs: number): Promise<void> {
    if (holds()) return;
    await new Promise<void>((resolve, reject) => {
      const watcher = (): void => {
        if (!holds()) return;
        done();
        resolve();
      };
      const timer = setTimeout(() => {
        done();
        const had = `${this.messages.length} messages, ${this.receipts.length} receipts`;
        reject(new Error(`phone waited in vain; it has ${had}`));
      }, timeoutMs);
      const done = (): void => {
        clearTimeout(timer);
        this.watchers.delete(watcher);
      };
      this.watchers.add(watcher);
    });
  }
}

export function keepLast<T>(list: T[], item: T): void {
  list.push(item);
  if (list.length > maxKept) list.shift();
}
