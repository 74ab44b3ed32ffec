/** The Standard Webhooks signature of a callback: `v1,` and the base64 HMAC-SHA256 of `id.timestamp.body`. */
import { createHmac } from 'node:crypto';

const prefix = 'whsec_';

/**
 * The key of a configured secret: the bytes that follow `whsec_` in base64, as Standard Webhooks writes it;
 * a secret without the prefix is the key itself, in UTF-8.
 */
export function signatureKey(secret: string): Buffer {
  return secret.startsWith(prefix) ? Buffer.from(secret.slice(prefix.length), 'base64') : Buffer.from(secret);
}

export interface Signed {
  /** `webhook-id`. */
  readonly id: string;
  /** `webhook-timestamp`: seconds since 1970. */
  readonly timestamp: number;
  /** The octets sent. */
  readonly body: Buffer;
}

/** The value of `webhook-signature`: one signature for each key, apart by a space, so that keys can rotate. */
export function signatureOf(keys: readonly Buffer[], { id, timestamp, body }: Signed): string {
  return keys
    .map((key) => `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')}`)
    .join(' ');
}
