/**
 * Who goes next on the one thread that all share: work of a turn of the event loop beyond its slice of time waits, and is begun in
 * the turns after it, one of each source in rotation. So what others have to do in a turn, and what comes in between, is never
 * behind the whole of a flood; and who has begun nothing in a turn does not wait for its end. Nothing waits where there is no crowd.
 */

export interface FairTurns {
  /**
   * undefined: at once. Else resolves when it is the turn of one of this source. `laterMs`: what it will take of a later turn,
   * and no clock can tell in this one.
   */
  wait(source: string, laterMs?: number): Promise<void> | undefined;
  /** That wait now. */
  readonly waiting: number;
  /** How long the first of this source has waited: about as long as one that comes now will. */
  waitMs(source: string): number;
}

/**
 * Of one turn of the event loop: a few requests. Shorter turns make the others wait less, and commits smaller: with 0.25 ms a
 * message of a bot costs twice the processor time that it costs without turns, with 1 ms a fifth more.
 */
const sliceMs = 1;
/** Of one turn: sources that may begin one thing each though the slice is spent. */
const maxFirsts = 8;

interface Waiting {
  readonly start: () => void;
  readonly laterMs: number;
  readonly sinceMs: number;
}

/** `nowMs`: of a clock that tells parts of a millisecond and is never set. */
export function createFairTurns(nowMs: () => number = () => performance.now()): FairTurns {
  /** In the order of their next turns. */
  const sources = new Map<string, Waiting[]>();
  let waiting = 0;
  let turn: Turn | undefined;

  /** This turn of the event loop; the first to ask begins it. */
  function current(): Turn {
    if (!turn) {
      turn = { beganMs: nowMs(), laterMs: 0, begun: new Set(), firsts: 0 };
      setImmediate(endTurn);
    }
    return turn;
  }

  function isSpent({ beganMs, laterMs }: Turn): boolean {
    return nowMs() - beganMs + laterMs >= sliceMs;
  }

  function note(source: string, laterMs: number): void {
    const now = current();
    now.begun.add(source);
    now.laterMs += laterMs;
  }

  function endTurn(): void {
    turn = undefined;
    if (waiting > 0) beginNext();
  }

  function beginNext(): void {
    const [next] = sources;
    if (!next) return;
    const [source, queue] = next;
    sources.delete(source);
    const first = queue.shift();
    if (queue.length > 0) sources.set(source, queue);
    if (!first) return;
    waiting--;
    note(source, first.laterMs);
    first.start();
    // Once what was begun has run as far as it runs by itself: only then is it known what it took.
    if (waiting > 0) queueMicrotask(() => process.nextTick(goOn));
  }

  function goOn(): void {
    if (waiting > 0 && !isSpent(current())) beginNext();
  }

  function mayBegin(source: string): boolean {
    const now = current();
    if (waiting === 0 && !isSpent(now)) return true;
    if (now.firsts === maxFirsts || now.begun.has(source) || sources.has(source)) return false;
    now.firsts++;
    return true;
  }

  return {
    wait(source, laterMs = 0) {
      if (mayBegin(source)) {
        note(source, laterMs);
        return undefined;
      }
      waiting++;
      return new Promise((resolve) => {
        const place = { start: resolve, laterMs, sinceMs: nowMs() };
        const queue = sources.get(source);
        if (queue) queue.push(place);
        else sources.set(source, [place]);
      });
    },
    get waiting() {
      return waiting;
    },
    waitMs(source) {
      const first = sources.get(source)?.[0];
      return first ? nowMs() - first.sinceMs : 0;
    },
  };
}

interface Turn {
  readonly beganMs: number;
  laterMs: number;
  /** Sources. */
  readonly begun: Set<string>;
  firsts: number;
}
