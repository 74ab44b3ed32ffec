/** Guessing made slow: who fails often waits for each further refusal, and may have but few such waits at once. */
import type { Clock } from '../../clock.js';
import { ApiError } from '../../resources/api-error.js';
import { sourceOf } from '../http/source-of.js';

interface Source {
  failures: number;
  /** Answers that are held back now. */
  held: number;
  lastMs: number;
}

/** A key being rotated fails a few times. */
const freeFailures = 5;
const firstDelayMs = 100;
const maxDelayMs = 5_000;
const heldPerSource = 8;
const heldInAll = 1_000;
const forgetMs = 60_000;
const maxSources = 10_000;

export class FailedAttempts {
  private readonly clock: Clock;
  private readonly sources = new Map<string, Source>();
  private held = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Throws 429 where so many refusals of this source are held back that even a right credential must wait. */
  admit(address: string): void {
    if ((this.sources.get(sourceOf(address))?.held ?? 0) >= heldPerSource) throw tooMany();
  }

  /** After a wrong credential: resolves once it may be told so. Throws 429 where too many wait. */
  async failed(address: string): Promise<void> {
    const source = this.source(sourceOf(address));
    source.failures++;
    source.lastMs = this.clock.now();
    if (source.failures <= freeFailures) return;
    if (this.held >= heldInAll || source.held >= heldPerSource) throw tooMany();
    source.held++;
    this.held++;
    const delayMs = Math.min(firstDelayMs * 2 ** Math.min(source.failures - freeFailures - 1, 16), maxDelayMs);
    await new Promise<void>((resolve) => this.clock.after(delayMs, resolve));
    source.held--;
    this.held--;
  }

  private source(key: string): Source {
    const known = this.sources.get(key);
    if (known && (known.held > 0 || this.clock.now() - known.lastMs < forgetMs)) return known;
    const source: Source = { failures: 0, held: 0, lastMs: this.clock.now() };
    this.sources.delete(key);
    this.sources.set(key, source);
    if (this.sources.size > maxSources) {
      for (const oldest of this.sources.keys()) {
        this.sources.delete(oldest);
        break;
      }
    }
    return source;
  }
}

function tooMany(): ApiError {
  return new ApiError('POL0001', ['too many wrong credentials'], { status: 429, retryAfterS: 5 });
}
