/** Bots whose platform said 429: they pause, and then have fewer callbacks at once, which grow again with each one taken. */

export interface SlowBots {
  /** Milliseconds until the bot may be called; 0: now. */
  waitMs(bot: string, nowMs: number): number;
  /** How many callbacks at once the bot may have. */
  maxParallel(bot: string): number;
  /** A 429 came: nothing to the bot until then, and half as much at once. */
  slow(bot: string, untilMs: number, nowMs: number): void;
  taken(bot: string): void;
  /** Bots that are remembered. */
  readonly size: number;
}

interface Slow {
  /** When the pause began: before that, the clock was put back. */
  sinceMs: number;
  untilMs: number;
  /** Grows by one for as many callbacks as it counts, as TCP's congestion window does (RFC 5681 §3.1). */
  parallel: number;
}

/** What was asked so long ago says nothing any more, and the bot may be gone. */
const forgetMs = 3_600_000;

export function createSlowBots(maxParallel: number): SlowBots {
  const bots = new Map<string, Slow>();
  const forgetOld = (nowMs: number): void => {
    for (const [bot, { untilMs }] of bots) if (nowMs - untilMs >= forgetMs) bots.delete(bot);
  };
  return {
    waitMs(bot, nowMs) {
      const slow = bots.get(bot);
      return slow === undefined || nowMs < slow.sinceMs ? 0 : Math.max(0, slow.untilMs - nowMs);
    },
    maxParallel: (bot) => Math.floor(bots.get(bot)?.parallel ?? maxParallel),
    slow(bot, untilMs, nowMs) {
      if (!bots.has(bot)) forgetOld(nowMs);
      const known = bots.get(bot);
      // Answers to callbacks that were under way together are one sign, not many.
      const isSame = known !== undefined && known.sinceMs <= nowMs && nowMs < known.untilMs;
      const parallel = known?.parallel ?? maxParallel;
      bots.set(bot, {
        sinceMs: isSame ? known.sinceMs : nowMs,
        untilMs: isSame ? Math.max(untilMs, known.untilMs) : untilMs,
        parallel: isSame ? parallel : Math.max(1, parallel / 2),
      });
    },
    taken(bot) {
      const slow = bots.get(bot);
      if (!slow) return;
      slow.parallel += 1 / slow.parallel;
      if (slow.parallel >= maxParallel) bots.delete(bot);
    },
    get size() {
      return bots.size;
    },
  };
}
