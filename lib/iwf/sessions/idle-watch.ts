/** Sessions that nobody uses any more: each is closed after its silence. */
import type { Clock } from '../../clock.js';
import { type Conversation, type Entry, isAtRest, quietMs, type Silences } from './conversation.js';

export interface IdleWatchOptions extends Silences {
  readonly clock: Clock;
  /** Something is on its way in it. */
  readonly used: (entry: Entry) => void;
  readonly close: (entry: Entry) => void;
}

export class IdleWatch {
  private readonly options: IdleWatchOptions;

  constructor(options: IdleWatchOptions) {
    this.options = options;
  }

  /** Anew whenever a session comes or goes: which chat is chosen, and so how long the others may be silent, may change. */
  watch(conversation: Conversation): void {
    for (const entry of conversation.entries) this.arm(entry, quietMs(conversation, entry, this.options));
  }

  private arm(entry: Entry, silenceMs: number): void {
    const { clock, used, close } = this.options;
    entry.timer?.close();
    entry.timer = clock.after(Math.max(0, entry.lastUsedMs + silenceMs - clock.now()), () => {
      // A long message is traffic, though it counts as used only once it is whole.
      if (!isAtRest(entry)) used(entry);
      if (clock.now() - entry.lastUsedMs < silenceMs) this.arm(entry, silenceMs);
      else close(entry);
    });
  }
}
