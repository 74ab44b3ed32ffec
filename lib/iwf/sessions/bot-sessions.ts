/** The sessions of each bot that are up, in the order of their use, and how many INVITEs of ours are on their way. */
import { type Entry, isAtRest } from './conversation.js';
import { Tally } from './tally.js';

export class BotSessions {
  private readonly entries = new Map<string, Set<Entry>>();
  private readonly dialing = new Tally();
  private count = 0;

  /** All that are up. */
  get size(): number {
    return this.count;
  }

  /** Those of one bot. */
  countOf(bot: string): number {
    return this.entries.get(bot)?.size ?? 0;
  }

  dialingOf(bot: string): number {
    return this.dialing.of(bot);
  }

  /** Counts while the INVITE is on its way. */
  during<T>(bot: string, dial: () => Promise<T>): Promise<T> {
    return this.dialing.during(bot, dial);
  }

  add(entry: Entry): void {
    const { uri } = entry.context.bot;
    const siblings = this.entries.get(uri) ?? new Set();
    this.entries.set(uri, siblings.add(entry));
    this.count++;
  }

  /** It has been used again: it is the youngest. */
  touch(entry: Entry): void {
    const siblings = this.entries.get(entry.context.bot.uri);
    if (siblings?.delete(entry)) siblings.add(entry);
  }

  remove(entry: Entry): void {
    const { uri } = entry.context.bot;
    const siblings = this.entries.get(uri);
    if (!siblings?.delete(entry)) return;
    this.count--;
    if (siblings.size === 0) this.entries.delete(uri);
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
