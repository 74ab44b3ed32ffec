/** What the interpreter needs of notify: is anyone listening, and the queue items of one event. */
import type { Notification, NotificationKind } from '../resources/notification.js';
import type { Enqueue } from '../store/store.js';
import type { Room } from './room.js';

export interface Notifications {
  /** Whether a live subscription of the bot takes this kind; answers from memory. */
  wanted(bot: string, kind: NotificationKind): boolean;
  /**
   * One item for each live subscription that takes it, for the caller's own commit; each has its own notificationId.
   * It is tried until `expiresAtMs` (wall clock), and never longer than callbacks are.
   */
  items(notification: Notification, options?: { readonly expiresAtMs?: number | undefined }): readonly Enqueue[];
  /**
   * Delivers to each subscription once, at once, without storing (is-composing: worth nothing later);
   * behind items of the same lane that wait it is dropped.
   */
  tell(notification: Notification): void;
  /** Whether one more thing of the bot and the user may wait, on its way to either. */
  room(bot: string, contact: string): Promise<Room>;
  /** The same of items that are not yet in the queue. */
  roomFor(bot: string, items: readonly Enqueue[]): Promise<Room>;
}
