/**
 * 429 made slow where it is told often: who asks again at once, whatever Retry-After says, would else cost the others
 * the time that his refusals take. Nothing of his connection is read meanwhile, so that he cannot ask faster than he is
 * answered.
 */
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../clock.js';

interface Source {
  /** Of its refusals, this second. */
  count: number;
  sinceMs: number;
}

/** Told at once, of one source in a second. */
const promptPerS = 20;
const leastDelayMs = 500;
const spreadMs = 1_000;
/** Near the golden section of the spread: those that came together are told one by one, and come again one by one. */
const strideMs = 618;
/** Beyond, all are told at once: a held answer is memory. */
const heldInAll = 10_000;

export class SlowRefusals {
  private readonly clock: Clock;
  private readonly sources = new Map<string, Source>();
  private held = 0;
  private turn = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Resolves once the refusal may be told. `source` is one of a bounded set. */
  async due(source: string, { socket }: Pick<IncomingMessage, 'socket'>): Promise<void> {
    if (this.isPrompt(source) || this.held >= heldInAll) return;
    this.held++;
    socket.pause();
    const delayMs = leastDelayMs + ((this.turn++ * strideMs) % spreadMs);
    await new Promise<void>((resolve) => this.clock.after(delayMs, resolve));
    socket.resume();
    this.held--;
  }

  private isPrompt(name: string): boolean {
    const nowMs = this.clock.now();
    const source = this.sources.get(name) ?? { count: 0, sinceMs: nowMs };
    this.sources.set(name, source);
    // A clock that was set back begins a new second.
    if (Math.abs(nowMs - source.sinceMs) >= 1_000) {
      source.count = 0;
      source.sinceMs = nowMs;
    }
    source.count++;
    return source.count <= promptPerS;
  }
}
