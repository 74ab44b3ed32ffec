/**
 * What may happen as often as others like, told seldom: once at first, then once a minute with how often and by whom most
 * often, so that a flood of refusals is no flood of lines.
 */
import type { Clock, Timer } from '../clock.js';

export interface Seldom {
  /** `what` is of a closed set. */
  note(what: string, by?: number, who?: string): void;
  /** Tells what was not told yet; idempotent. */
  close(): void;
}

export interface Told {
  readonly times: number;
  /** Most often, and how often where others did, too. */
  readonly who?: string;
  readonly whoTimes?: number;
}

const quietMs = 60_000;
/** Of one in a minute: of more than these nobody stands out. */
const maxNames = 64;

/** What is to be told of one. */
interface Tally {
  times: number;
  readonly timesOf: Map<string, number>;
}

interface Pending extends Tally {
  readonly timer: Timer;
}

export function tellSeldom(clock: Clock, line: (what: string, told: Told) => void): Seldom {
  const told = new Map<string, Pending>();
  let closed = false;

  const tell = (what: string, tally: Tally): void => {
    line(what, { times: tally.times, ...mostOf(tally) });
    if (!closed) told.set(what, { ...emptyTally(), timer: clock.after(quietMs, () => quiet(what)) });
  };
  /** A minute is over: what came in it is told, and it was the last line if nothing came. */
  const quiet = (what: string): void => {
    const tally = told.get(what);
    told.delete(what);
    if (tally && tally.times > 0) tell(what, tally);
  };
  return {
    note(what, by = 1, who) {
      const before = told.get(what);
      const tally = before ?? emptyTally();
      add(tally, by, who);
      if (!before) tell(what, tally);
    },
    close() {
      closed = true;
      for (const [what, tally] of told) {
        tally.timer.close();
        if (tally.times > 0) tell(what, tally);
      }
      told.clear();
    },
  };
}

function emptyTally(): Tally {
  return { times: 0, timesOf: new Map() };
}

function add(tally: Tally, by: number, who: string | undefined): void {
  const { timesOf } = tally;
  tally.times += by;
  if (who !== undefined && (timesOf.has(who) || timesOf.size < maxNames))
    timesOf.set(who, (timesOf.get(who) ?? 0) + by);
}

function mostOf({ times, timesOf }: Tally): Pick<Told, 'who' | 'whoTimes'> {
  const [most] = [...timesOf].sort(([, a], [, b]) => b - a);
  if (!most) return {};
  const [who, whoTimes] = most;
  return whoTimes === times ? { who } : { who, whoTimes };
}

/** Of one in a minute: with room for what an operator mistypes, or has to see of a peer that is wrong. */
const singlyPerMinute = 10;

interface Minute {
  readonly sinceMs: number;
  count: number;
}

/** Says of each whether it is one of the first of its minute, which are told one by one. `what` is of a closed set. */
export function singlyAtFirst(clock: Clock): (what: string) => boolean {
  const minutes = new Map<string, Minute>();
  return (what) => {
    const nowMs = clock.now();
    const last = minutes.get(what);
    // A clock that was set back begins a new minute.
    const isOver = last === undefined || Math.abs(nowMs - last.sinceMs) >= quietMs;
    const minute = isOver ? { sinceMs: nowMs, count: 0 } : last;
    minutes.set(what, minute);
    minute.count++;
    return minute.count <= singlyPerMinute;
  };
}
