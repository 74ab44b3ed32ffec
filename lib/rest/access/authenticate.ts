/** Credential → platform: a list of ways, the first that finds a credential of its kind decides. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Platform } from '../../iwf/actions.js';
import { type ClientAddress, peerAddress } from '../http/client-address.js';
import type { FailedAttempts } from './failed-attempts.js';

export type WayResult =
  /** `scopes` absent: every API. */
  | { readonly kind: 'known'; readonly platform: Platform; readonly scopes?: ReadonlySet<string> | undefined }
  /** The request has no credential of this way. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'refused'; readonly reason: string };

/** One way in: a static key, a token, a certificate. */
export interface Way {
  /** Its challenge for WWW-Authenticate (RFC 9110 §11.6.1); undefined where HTTP has none (a TLS certificate). */
  readonly challenge: string | undefined;
  authenticate(request: IncomingMessage): WayResult | Promise<WayResult>;
}

export type Authentication =
  | (WayResult & { readonly kind: 'known' })
  /** `challenge` is the value of WWW-Authenticate, `reason` for the log. */
  | { readonly kind: 'unknown'; readonly challenge: string; readonly reason: string };

export type Authenticate = (request: IncomingMessage) => Promise<Authentication>;

/** The reason where there is none, or of another scheme. */
export const noCredential = 'no credential';

/** Tries the ways in their order. With `attempts`, wrong credentials are answered slowly; it throws 429 where that is not enough. */
export function authenticator(
  ways: readonly Way[],
  attempts?: FailedAttempts,
  addressOf: ClientAddress = peerAddress,
): Authenticate {
  const challenge = [...new Set(ways.flatMap((way) => way.challenge ?? []))].join(', ');
  return async (request) => {
    attempts?.admit(addressOf(request));
    const result = await firstOf(ways, request);
    if (result.kind === 'known') return result;
    if (result.kind === 'absent') return { kind: 'unknown', challenge, reason: noCredential };
    await attempts?.failed(addressOf(request));
    return { kind: 'unknown', challenge, reason: result.reason };
  };
}

async function firstOf(ways: readonly Way[], request: IncomingMessage): Promise<WayResult> {
  for (const way of ways) {
    const result = await way.authenticate(request);
    if (result.kind !== 'absent') return result;
  }
  return { kind: 'absent' };
}

export interface KeyHolder {
  readonly platform: Platform;
  /** sha256 of each key, hex. */
  readonly keys: readonly string[];
}

/** `Authorization: Bearer <key>`; only hashes are kept. */
export function staticKeys(holders: readonly KeyHolder[]): Way {
  const byPrefix = hashesByPrefix(holders);
  return {
    challenge: 'Bearer realm="maap-iwf"',
    authenticate(request) {
      const key = bearer(request.headers.authorization);
      if (key === undefined) return { kind: 'absent' };
      const hash = createHash('sha256').update(key).digest();
      const platform = holderOf(byPrefix.get(prefixOf(hash)) ?? [], hash);
      return platform === undefined ? { kind: 'refused', reason: 'unknown key' } : { kind: 'known', platform };
    },
  };
}

/** The token of the Bearer scheme, whose name compares case-insensitively (RFC 9110 §11.1). */
export function bearer(authorization: string | undefined): string | undefined {
  const found = /^bearer +([^ ]+) *$/i.exec(authorization ?? '');
  return found?.[1];
}

interface KeptHash {
  readonly hash: Buffer;
  readonly platform: Platform;
}

/** A hash's beginning tells a guesser nothing of the key; the rest is compared in constant time. */
function prefixOf(hash: Buffer): number {
  return hash.readUInt32BE(0);
}

function hashesByPrefix(holders: readonly KeyHolder[]): ReadonlyMap<number, readonly KeptHash[]> {
  const kept = new Map<number, KeptHash[]>();
  for (const { platform, keys } of holders) {
    for (const key of keys) {
      if (!/^[0-9a-f]{64}$/i.test(key)) throw new TypeError(`platform ${platform.id}: a key is not a sha256 in hex`);
      const hash = Buffer.from(key, 'hex');
      const same = kept.get(prefixOf(hash));
      if (same === undefined) kept.set(prefixOf(hash), [{ hash, platform }]);
      else same.push({ hash, platform });
    }
  }
  return kept;
}

function holderOf(candidates: readonly KeptHash[], hash: Buffer): Platform | undefined {
  let found: Platform | undefined;
  for (const candidate of candidates) {
    if (timingSafeEqual(candidate.hash, hash)) found ??= candidate.platform;
  }
  return found;
}
