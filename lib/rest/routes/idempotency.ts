/** What makes a create safe to repeat: clientCorrelator, or the header Idempotency-Key as its equal. */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Idempotency } from '../../iwf/actions.js';
import { ApiError } from '../../resources/api-error.js';

const maxKeyLength = 256;

/**
 * `asked` is the body as read (so that spelling does not count), `place` everything of the path that decides what it does.
 * Throws SVC0002 where body and header name different correlators.
 */
export function idempotencyOf(
  request: IncomingMessage,
  asked: { readonly clientCorrelator?: string },
  place: readonly string[],
): Idempotency | undefined {
  // Not part of what is asked: the same request may come with its correlator in the body, in the header, or in both.
  const { clientCorrelator, ...others } = asked;
  const correlator = correlatorOf(request, clientCorrelator);
  if (correlator === undefined) return undefined;
  const fingerprint = createHash('sha256')
    .update(JSON.stringify([...place, others]))
    .digest('base64url');
  return { correlator, fingerprint };
}

function correlatorOf(request: IncomingMessage, clientCorrelator: string | undefined): string | undefined {
  const header = request.headers['idempotency-key'];
  if (header === undefined) return clientCorrelator;
  const key = String(header);
  if (key === '' || key.length > maxKeyLength) throw new ApiError('SVC0002', ['Idempotency-Key', 'empty or too long']);
  if (clientCorrelator !== undefined && clientCorrelator !== key)
    throw new ApiError('SVC0002', ['Idempotency-Key', 'differs from clientCorrelator']);
  return key;
}
