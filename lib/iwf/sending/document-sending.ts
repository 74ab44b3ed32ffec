/** A document of its own type that goes to a user by MESSAGE, from a lane: sent, tried again, or given up. */
import type { Clock } from '../../clock.js';
import type { Network, NetworkBot, OutgoingMessage, Service } from '../../sip/network.js';
import type { ClaimedItem } from '../../store/store.js';
import type { Chatbot } from '../actions.js';
import { attemptBySip } from './attempt.js';
import type { ItemOutcome } from '../lane-worker.js';

export interface DocumentSendingOptions {
  readonly clock: Clock;
  readonly network: Network;
  readonly announced: Announced;
  /** Wait before attempt `attempts` + 1, ms. */
  readonly backoffMs: (attempts: number) => number;
}

/** A bot as this user is to see it. */
export type Announced = (bot: Chatbot, user: string) => Promise<NetworkBot>;

/** Standalone where no service is named. */
export type DocumentMessage = Omit<OutgoingMessage, 'service' | 'bot'> & {
  readonly bot: Chatbot;
  /** The user's key. */
  readonly user: string;
  readonly service?: Service | undefined;
};

export type DocumentOutcome =
  | { readonly kind: 'sent' }
  /** A definite refusal, or the time is over. */
  | { readonly kind: 'failed'; readonly description: string }
  | { readonly kind: 'again'; readonly description: string; readonly outcome: ItemOutcome };

export async function sendDocument(
  { clock, network, announced, backoffMs }: DocumentSendingOptions,
  { service = 'standalone', bot, user, ...message }: DocumentMessage,
  { item, untilMs }: { readonly item: ClaimedItem; readonly untilMs: number },
): Promise<DocumentOutcome> {
  const seen = await announced(bot, user);
  const attempt = attemptBySip(await network.sendMessage({ ...message, bot: seen, service }));
  switch (attempt.kind) {
    case 'sent':
      return { kind: 'sent' };
    case 'definite':
    case 'mismatch':
      return { kind: 'failed', description: attempt.description };
    case 'again': {
      const { description, afterMs = backoffMs(item.attempts) } = attempt;
      if (clock.now() >= untilMs) return { kind: 'failed', description };
      const dueAtMs = Math.min(clock.now() + afterMs, untilMs);
      return { kind: 'again', description, outcome: { kind: 'again', dueAtMs } };
    }
  }
}
