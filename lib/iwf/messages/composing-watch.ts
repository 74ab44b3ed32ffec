/** Users who are typing: who neither repeats it, nor says that he stopped, nor sends his message, is idle (RFC 3994 §3.3). */
import type { Clock, Timer } from '../../clock.js';
import type { Metrics } from '../../metrics.js';
import type { IsComposing } from '../../resources/is-composing.js';

export interface ComposingWatchOptions {
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** Where the sender names no refresh. */
  readonly timeoutMs: number;
  /** Users watched at once; of those beyond the platform sees the timeout itself. */
  readonly maxWatched: number;
}

/** A sender's refresh counts up to here. */
const maxRefreshMs = 3_600_000;

export class ComposingWatch {
  private readonly options: ComposingWatchOptions;
  private readonly watched = new Map<string, Timer>();

  constructor(options: ComposingWatchOptions) {
    this.options = options;
  }

  /** `key`: bot and user. `onIdle` is called once, if nothing else comes in time. */
  heard(key: string, { state, refresh }: IsComposing, onIdle: () => void): void {
    this.ended(key);
    if (state === 'idle') return;
    const { clock, metrics, timeoutMs, maxWatched } = this.options;
    if (this.watched.size >= maxWatched) {
      metrics.count('limit_reached_total', { limit: 'msrp.maxSessions' });
      return;
    }
    const waitMs = refresh === undefined ? timeoutMs : Math.min(refresh * 1000, maxRefreshMs);
    const timer = clock.after(waitMs, () => {
      this.watched.delete(key);
      onIdle();
    });
    this.watched.set(key, timer);
  }

  /** A message ends typing by itself (RFC 3994 §3.2). */
  ended(key: string): void {
    this.watched.get(key)?.close();
    this.watched.delete(key);
  }

  close(): void {
    for (const timer of this.watched.values()) timer.close();
    this.watched.clear();
  }
}
