/** A WebSocket on a channel: sends what comes, up to so many unacknowledged, and takes the client's acknowledgements. */
import { type ChannelInbox, type InboxPage, printedOf } from './channel-inbox.js';
import type { Listener, ListenerEnd } from './channel-listener.js';
import type { ChannelItem } from './channel-record.js';
import { type PrintedItem, printFrames } from '../delivery/printed.js';

/** The client's side of a WebSocket. */
export interface ChannelSocket {
  send(text: string): void;
  close(reason: ListenerEnd | 'failed'): void;
}

export interface FeedDeps {
  readonly inbox: ChannelInbox;
  readonly page: InboxPage;
  readonly onError: (error: unknown) => void;
}

export class Feed implements Listener {
  private readonly socket: ChannelSocket;
  private readonly deps: FeedDeps;
  /** Not acknowledged, by notificationId. */
  private readonly sent = new Map<string, ChannelItem>();
  /** Being acknowledged: still sent, so that a read meanwhile does not send them again. */
  private readonly settling = new Set<string>();
  private isOver = false;
  private isPumping = false;
  private again = false;

  constructor(socket: ChannelSocket, deps: FeedDeps) {
    this.socket = socket;
    this.deps = deps;
  }

  wake(): void {
    this.again = true;
    if (this.isPumping || this.isOver) return;
    this.isPumping = true;
    this.pump().then(
      () => {
        this.isPumping = false;
        if (this.again) this.wake();
      },
      (error: unknown) => this.fail(error),
    );
  }

  tell(item: PrintedItem): boolean {
    if (this.isOver) return false;
    for (const frame of printFrames([item])) this.socket.send(frame);
    return true;
  }

  end(reason: ListenerEnd): void {
    if (this.isOver) return;
    this.isOver = true;
    this.socket.close(reason);
  }

  /** The socket is closed; what was sent and not acknowledged comes again to the next one. */
  detach(): void {
    this.isOver = true;
  }

  /** Ids that were not sent here are ignored. Where the store fails, the socket is closed. */
  async acknowledge(ids: readonly string[]): Promise<void> {
    const items = [...new Set(ids)].flatMap((id) => (this.settling.has(id) ? [] : (this.sent.get(id) ?? [])));
    for (const { claimed } of items) this.settling.add(claimed.id);
    try {
      await this.deps.inbox.acknowledge(items);
      for (const { claimed } of items) this.sent.delete(claimed.id);
      this.wake();
    } catch (error) {
      this.fail(error);
    } finally {
      for (const { claimed } of items) this.settling.delete(claimed.id);
    }
  }

  private async pump(): Promise<void> {
    while (this.again && !this.isOver) {
      this.again = false;
      this.send(await this.deps.inbox.read(this.deps.page));
    }
  }

  private send(held: readonly ChannelItem[]): void {
    const items = held.filter(({ claimed }) => !this.sent.has(claimed.id));
    if (items.length === 0 || this.isOver) return;
    for (const item of items) this.sent.set(item.claimed.id, item);
    for (const frame of printFrames(items.map(printedOf))) this.socket.send(frame);
  }

  /** The client comes again and finds what it has not acknowledged. */
  private fail(error: unknown): void {
    this.isPumping = false;
    this.deps.onError(error);
    if (this.isOver) return;
    this.isOver = true;
    this.socket.close('failed');
  }
}
