/** What one script says to those requests of the gateway that are its own. */
import type { Call } from './callees.js';
import type { CalleeName, Reply, Script } from './script.js';
import { filled, type Slots } from './slots.js';

export class Callee {
  /** Pieces written. */
  said = 0;
  private readonly replies: NonNullable<Script['replies']>;
  private readonly slots: Slots;
  /** Requests by callee and method, and of each callee alone. */
  private readonly asked = new Map<string, number>();
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly onAsked: () => void;

  constructor(replies: NonNullable<Script['replies']>, slots: Slots, onAsked: () => void) {
    this.replies = replies;
    this.slots = slots;
    this.onAsked = onAsked;
  }

  timesAsked(callee: CalleeName): number {
    return this.asked.get(callee) ?? 0;
  }

  take({ callee, method, facts, mouth }: Call): void {
    const nth = this.count(`${callee} ${method}`);
    this.count(callee);
    const mine = this.replies[callee]?.filter(({ to = method }) => to === method) ?? [];
    const reply = mine[Math.min(nth, mine.length - 1)];
    if (reply) this.say(reply, new Map([...this.slots, ...facts]), mouth);
    this.onAsked();
  }

  /** What is not yet said stays unsaid. */
  end(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }

  private say({ pieces, everyMs, then }: Reply, slots: Slots, mouth: Call['mouth']): void {
    const texts = pieces.map((piece) => filled(piece, slots));
    if (everyMs === undefined) {
      for (const text of texts) mouth.say(text);
      this.said += texts.length;
      if (then !== undefined) mouth.leave(then);
      return;
    }
    const next = (at: number): void => {
      const text = texts[at];
      if (text === undefined) {
        if (then !== undefined) mouth.leave(then);
        return;
      }
      mouth.say(text);
      this.said++;
      this.later(everyMs, () => next(at + 1));
    };
    next(0);
  }

  private later(ms: number, run: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      run();
    }, ms);
    this.timers.add(timer);
  }

  /** How often before. */
  private count(what: string): number {
    const before = this.asked.get(what) ?? 0;
    this.asked.set(what, before + 1);
    return before;
  }
}
