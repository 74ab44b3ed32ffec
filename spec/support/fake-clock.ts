/** A clock that stands still until a spec moves it. */
import type { Clock, Timer } from '../../lib/clock.js';

interface Due {
  atMs: number;
  readonly action: () => void;
}

export class FakeClock implements Clock {
  private nowMs: number;
  private readonly due = new Set<Due>();

  constructor(nowMs = Date.UTC(2026, 10, 22, 10, 0, 0)) {
    this.nowMs = nowMs;
  }

  now(): number {
    return this.nowMs;
  }

  after(delayMs: number, action: () => void): Timer {
    const entry: Due = { atMs: this.nowMs + Math.max(0, delayMs), action };
    this.due.add(entry);
    return { close: () => void this.due.delete(entry) };
  }

  /** As an operator or NTP sets a wall clock: timers go on as if nothing had happened. */
  step(byMs: number): void {
    this.nowMs += byMs;
    for (const entry of this.due) entry.atMs += byMs;
  }

  /** Timers that are running. */
  get pending(): number {
    return this.due.size;
  }

  /** Runs every timer that falls due within `ms`, in order of time; promises settle between two timers. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.nowMs + ms;
    for (;;) {
      await settle();
      const next = [...this.due].filter((d) => d.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (!next) break;
      this.due.delete(next);
      this.nowMs = next.atMs;
      next.action();
    }
    this.nowMs = untilMs;
    await settle();
  }
}

/** Lets everything that is already resolved run. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}
