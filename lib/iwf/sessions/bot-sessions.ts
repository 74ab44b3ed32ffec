/** The sessions of each bot that are up, in the order of their use, and how many INVITEs of ours are on their way. */
import { type Entry, isAtRest } from './conversation.js';

export class BotSessions {
  private readonly entries = new Map<string, Set<Entry>>();
  private readonly dialing = new Map<string, number>();
  private dialingInAll = 0;

  /** Those that are up. */
  countOf(bot: string): number {
    return this.entries.get(bot)?.size ?? 0;
  }

  dialingOf(bot: string): number {
    return this.dialing.get(bot) ?? 0;
  }

  get isDialing(): boolean {
    return this.dialingInAll > 0;
  }

  /** Counts while the INVITE is on its way. */
  async during<T>(bot: string, dial: () => Promise<T>): Promise<T> {
    this.dialing.set(bot, this.dialingOf(bot) + 1);
    this.dialingInAll++;
    try {
      return await dial();
    } finally {
      this.dialingInAll--;
      const left = this.dialingOf(bot) - 1;
      if (left > 0) this.dialing.set(bot, left);
      else this.dialing.delete(bot);
    }
  }

  /** Or it has been used again: it is the youngest. */
  add(entry: Entry): void {
    const { uri } = entry.context.bot;
    const siblings = this.entries.get(uri) ?? new Set();
    siblings.delete(entry);
    this.entries.set(uri, siblings.add(entry));
  }

  has(entry: Entry): boolean {
    return this.entries.get(entry.context.bot.uri)?.has(entry) === true;
  }

  remove(entry: Entry): void {
    const { uri } = entry.context.bot;
    const siblings = this.entries.get(uri);
    siblings?.delete(entry);
    if (siblings?.size === 0) this.entries.delete(uri);
  }

  /** The chat that nobody has used for longest, and not since then; a confirmed one is the bot's own to end. */
  silentSince(bot: string, sinceMs: number): Entry | undefined {
    for (const entry of this.entries.get(bot) ?? []) {
      if (entry.lastUsedMs > sinceMs) return undefined;
      const { service, sessionId } = entry.context;
      if (service === 'session' && sessionId === undefined && isAtRest(entry)) return entry;
    }
    return undefined;
  }
}
