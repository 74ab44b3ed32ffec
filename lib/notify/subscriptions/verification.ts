/**
 * The challenge of a notifyURL [ours]: whoever is to be called back must want it (`platforms[].notify.verify`).
 *
 *   POST notifyURL {"verification":{"challenge":"…"}}, signed as every callback
 *   200 with the challenge: as plain text, or as {"challenge":"…"}
 */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Logger } from '../../log.js';
import type { Metrics } from '../../metrics.js';
import { ApiError } from '../../resources/api-error.js';
import type { Callbacks } from '../callback/callback.js';
import type { CallbackResult } from '../callback/outcome.js';

export interface VerificationDeps {
  readonly callbacks: Pick<Callbacks, 'ask'>;
  readonly log: Logger;
  readonly metrics: Metrics;
}

export interface Verified {
  readonly platformId: string;
  readonly notifyURL: string;
}

/** Throws ApiError POL0001 where the challenge does not come back. */
export async function verifyNotifyUrl(
  { platformId, notifyURL }: Verified,
  { callbacks, log, metrics }: VerificationDeps,
): Promise<void> {
  const challenge = randomBytes(24).toString('base64url');
  const body = JSON.stringify({ verification: { challenge } });
  const notificationId = randomUUID();
  const result = await callbacks.ask({ platformId, notifyURL, notificationId, contentType: 'application/json', body });
  const outcome = judge(result, challenge);
  metrics.count('notify_verifications', { outcome });
  if (outcome === 'echoed') return;
  log.warn('notifyURL not verified', { platform: platformId, outcome });
  throw new ApiError('POL0001', [`notifyURL: ${reasons[outcome]}`]);
}

type Outcome = 'echoed' | 'silent' | 'refused' | 'wrong';

const reasons: Readonly<Record<Exclude<Outcome, 'echoed'>, string>> = {
  silent: 'no answer to the challenge',
  refused: 'the challenge was not answered 2xx',
  wrong: 'the challenge was not echoed',
};

function judge(result: CallbackResult & { readonly body?: string }, challenge: string): Outcome {
  if (result.kind !== 'answered') return 'silent';
  if (result.status < 200 || result.status >= 300) return 'refused';
  return echoIn(result.body ?? '') === challenge ? 'echoed' : 'wrong';
}

function echoIn(body: string): unknown {
  const text = body.trim();
  if (!text.startsWith('{')) return text;
  try {
    return (JSON.parse(text) as { readonly challenge?: unknown }).challenge;
  } catch {
    return undefined;
  }
}
