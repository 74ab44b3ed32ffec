/** Who listens on a channel: a poll that hangs, or a WebSocket; of two the newer, so that a client that comes again is served. */
import type { Clock } from '../../clock.js';
import type { ChannelItem } from './channel-record.js';
import { bodyOf, type ChannelInbox, type InboxPage } from './channel-inbox.js';
import type { PrintedItem } from '../delivery/printed.js';

export type ListenerEnd = 'superseded' | 'ended' | 'closing';

export interface Listener {
  /** Something has come. */
  wake(): void;
  /** What is not stored; false: it is dropped. */
  tell(item: PrintedItem): boolean;
  end(reason: ListenerEnd): void;
}

export interface PollTerms {
  readonly clock: Clock;
  readonly page: InboxPage;
  readonly maxWaitMs: number;
  /** The client has gone. */
  readonly signal: AbortSignal;
}

/** What a poll is answered with. */
export interface PollAnswer {
  readonly items: readonly ChannelItem[];
  /** Complete JSON texts, those of the items first. */
  readonly bodies: readonly string[];
}

const nothing: PollAnswer = { items: [], bodies: [] };

/**
 *   hangs ──something is there──▶ answered
 *     ├──maxWaitTime──▶ answered empty
 *     └──superseded, client gone, channel ended──▶ answered empty, nothing taken
 */
export class Poll implements Listener {
  private isOver = false;
  private isLate = false;
  private isDue = true;
  private told: string | undefined;
  private ring: (() => void) | undefined;

  wake(): void {
    this.isDue = true;
    this.ring?.();
  }

  tell({ body }: PrintedItem): boolean {
    if (this.isOver || this.isLate || this.told !== undefined) return false;
    this.told = body;
    this.ring?.();
    return true;
  }

  end(): void {
    this.isOver = true;
    this.ring?.();
  }

  /** Rejects where the store does. */
  async answer(inbox: ChannelInbox, { clock, page, maxWaitMs, signal }: PollTerms): Promise<PollAnswer> {
    const end = (): void => this.end();
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
    const late = clock.after(maxWaitMs, () => {
      this.isLate = true;
      this.ring?.();
    });
    try {
      return await this.wait(inbox, page);
    } finally {
      late.close();
      signal.removeEventListener('abort', end);
    }
  }

  private async wait(inbox: ChannelInbox, page: InboxPage): Promise<PollAnswer> {
    while (!this.isOver) {
      const items = this.isDue ? await this.look(inbox, page) : [];
      if (items.length > 0 || this.told !== undefined) return this.found(items);
      if (this.isLate) break;
      if (!this.isDue) await new Promise<void>((resolve) => (this.ring = resolve));
    }
    return nothing;
  }

  private look(inbox: ChannelInbox, page: InboxPage): Promise<readonly ChannelItem[]> {
    this.isDue = false;
    return inbox.read(page);
  }

  private found(items: readonly ChannelItem[]): PollAnswer {
    // It was superseded while the store was read: the items are the other's.
    if (this.isOver) return nothing;
    const told = this.told === undefined ? [] : [this.told];
    return { items, bodies: [...items.map(bodyOf), ...told] };
  }
}
