/** A document of its own type that goes to a user by MESSAGE, from a lane: sent, tried again, or given up. */
import type { Clock } from '../clock.js';
import type { Network, OutgoingMessage, Service } from '../sip/network.js';
import type { ClaimedItem } from '../store/store.js';
import { attemptBySip } from './attempt.js';
import type { ItemOutcome } from './lane-worker.js';

export interface DocumentSendingOptions {
  readonly clock: Clock;
  readonly network: Network;
  /** Wait before attempt `attempts` + 1, ms. */
  readonly backoffMs: (attempts: number) => number;
}

/** Standalone where no service is named. */
export type DocumentMessage = Omit<OutgoingMessage, 'service'> & { readonly service?: Service | undefined };

export type DocumentOutcome =
  | { readonly kind: 'sent' }
  /** A definite refusal, or the time is over. */
  | { readonly kind: 'failed'; readonly description: string }
  | { readonly kind: 'again'; readonly description: string; readonly outcome: ItemOutcome };

export async function sendDocument(
  { clock, network, backoffMs }: DocumentSendingOptions,
  { service = 'standalone', ...message }: DocumentMessage,
  { item, untilMs }: { readonly item: ClaimedItem; readonly untilMs: number },
): Promise<DocumentOutcome> {
  const attempt = attemptBySip(await network.sendMessage({ ...message, service }));
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
