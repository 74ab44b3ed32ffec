/** The confirmed sessions that are up or on their way: found by id, counted by bot. */
import type { Timer } from '../../clock.js';
import type { Invitation } from '../../sip/network.js';
import type { Chatbot } from '../actions.js';
import type { LiveSession, SessionContext } from './conversation.js';
import { pairKey, type SessionRecord } from '../records.js';
import { Tally } from './tally.js';

/**
 *   POST   → inviting ──2xx──▶ connected ──BYE, lost, idle, DELETE──▶ over
 *               └──refused, DELETE (CANCEL)──▶ over
 *   INVITE → invited ──PUT Connected──▶ accepting ──▶ connected
 *               └──DELETE (603), CANCEL, time──▶ over
 */
export type SessionPhase =
  | { readonly kind: 'inviting'; readonly abort: AbortController }
  | { readonly kind: 'invited'; readonly invitation: Invitation; readonly timer: Timer }
  /** `answered`: as the PUT is. */
  | { readonly kind: 'accepting'; readonly answered: Promise<void> }
  | { readonly kind: 'connected'; readonly live: LiveSession }
  | { readonly kind: 'over' };

export interface RunningSession {
  readonly bot: Chatbot;
  readonly context: SessionContext;
  record: SessionRecord;
  phase: SessionPhase;
  /** Its events are told in their order. */
  settled: Promise<void>;
}

export class SessionRoll {
  private readonly running = new Map<string, RunningSession>();
  private readonly ofBots = new Tally();
  /** By bot and user. */
  private readonly ofUsers = new Tally();
  /** Sessions that the bot has asked for, by bot and user. */
  private readonly outbound = new Map<string, string>();

  get size(): number {
    return this.running.size;
  }

  get all(): readonly RunningSession[] {
    return [...this.running.values()];
  }

  get(sessionId: string): RunningSession | undefined {
    return this.running.get(sessionId);
  }

  ofBot(bot: string): number {
    return this.ofBots.of(bot);
  }

  /** Of one user with the bot. */
  ofUser(bot: string, user: string): number {
    return this.ofUsers.of(pairKey(bot, user));
  }

  hasOutbound(bot: string, user: string): boolean {
    return this.outbound.has(pairKey(bot, user));
  }

  add(session: RunningSession): void {
    const { sessionId, contact, direction } = session.record;
    const bot = session.bot.uri;
    this.running.set(sessionId, session);
    this.ofBots.add(bot);
    this.ofUsers.add(pairKey(bot, contact));
    if (direction === 'outbound') this.outbound.set(pairKey(bot, contact), sessionId);
  }

  /** Idempotent. */
  remove({ bot, record: { sessionId, contact } }: RunningSession): void {
    if (!this.running.delete(sessionId)) return;
    const key = pairKey(bot.uri, contact);
    this.ofBots.remove(bot.uri);
    this.ofUsers.remove(key);
    if (this.outbound.get(key) === sessionId) this.outbound.delete(key);
  }
}
