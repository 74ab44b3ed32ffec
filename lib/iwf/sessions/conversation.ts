/** All that is up between one bot and one user: which of two chats is chosen, and how long each may be silent. */
import { randomUUID } from 'node:crypto';
import type { ChatSession, ConversationIds, NetworkUser, Service } from '../../sip/network.js';
import type { Timer } from '../../clock.js';
import type { Chatbot } from '../actions.js';

/** Who speaks in a session, and in which conversation. */
export interface SessionContext {
  readonly bot: Chatbot;
  readonly user: NetworkUser;
  readonly ids: ConversationIds;
  readonly service: Service;
  readonly expiresAtMs?: number;
  /** Of a confirmed session. */
  readonly sessionId?: string;
  /** Told once when a session that was up is no more, whoever ended it. */
  readonly onEnded?: () => void;
}

/** A session that is up. */
export interface LiveSession {
  readonly context: SessionContext;
  readonly session: ChatSession;
}

export interface Entry extends LiveSession {
  /** Messages on their way, in or out. */
  busy: number;
  lastUsedMs: number;
  timer: Timer | undefined;
}

/** All that is up or on its way between one bot and one user. */
export interface Conversation {
  readonly entries: Entry[];
  dialing: number;
}

export interface Silences {
  readonly idleTimeoutMs: number;
  /** A large-message or deferred session of the peer lives so long after its last message. */
  readonly lingerMs: number;
  /** Of two sessions that crossed, the one not chosen ends after so much silence. */
  readonly glareSilenceMs: number;
}

/** Two chats at once (network-side facts §8): what is not chosen for sending ends after a short silence. */
export function quietMs(conversation: Conversation, entry: Entry, silences: Silences): number {
  if (entry.context.service !== 'session') return silences.lingerMs;
  return chosen(chatsOf(conversation)) === entry ? silences.idleTimeoutMs : silences.glareSilenceMs;
}

export function chatsOf({ entries }: Conversation): readonly Entry[] {
  return entries.filter(({ context }) => context.service === 'session');
}

/** Of chats that crossed, the one whose Call-ID sorts lower. */
export function chosen(chats: readonly Entry[]): Entry | undefined {
  return chats.reduce<Entry | undefined>(
    (best, entry) => (best && best.session.callId < entry.session.callId ? best : entry),
    undefined,
  );
}

/** Nothing is on its way, in or out, not even half of a message. */
export function isAtRest({ busy, session }: Entry): boolean {
  return busy === 0 && !session.receiving;
}

/** What an INVITE or MESSAGE left out is made here: every conversation has its identifiers. */
export function completeIds(ids: Partial<ConversationIds>, conversationId?: string): ConversationIds {
  return {
    conversationId: ids.conversationId ?? conversationId ?? randomUUID(),
    contributionId: ids.contributionId ?? randomUUID(),
    ...(ids.inReplyToContributionId === undefined ? {} : { inReplyToContributionId: ids.inReplyToContributionId }),
  };
}
