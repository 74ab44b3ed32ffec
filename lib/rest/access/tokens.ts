/** Bearer tokens that are JWTs (RFC 7519, RFC 9068): of external issuers by their JWKS, and of the gateway itself. */
import { decodeJwt, decodeProtectedHeader, type JWTPayload, jwtVerify } from 'jose';
import type { Clock } from '../../clock.js';
import type { Platform } from '../../iwf/actions.js';
import { ApiError } from '../../resources/api-error.js';
import { ownAlgorithm, ownAudience } from './own-tokens.js';
import { bearer, type Way, type WayResult } from './authenticate.js';
import { IssuerKeys, isOfToken, type KeySetTimes } from './issuer-keys.js';
import { readScopes } from './scopes.js';
import { TokenCache } from './token-cache.js';

/** A platform whose tokens an external issuer makes. */
export interface IssuedPlatform {
  readonly platform: Platform;
  readonly issuer: string;
  readonly jwksUrl: string;
  /** undefined: the token's aud does not count. */
  readonly audience: string | undefined;
  /** undefined: every subject of the issuer is this platform. */
  readonly subject: string | undefined;
  /** Whether a token opens only the APIs that its scope names. */
  readonly requireScopes: boolean;
}

/** The gateway as an issuer. */
export interface OwnIssuer {
  /** 256 bits. */
  readonly key: Uint8Array;
  readonly issuer: string;
  readonly platform: (id: string) => Platform | undefined;
}

/** Whoever can read what is signed by a key pair can make nothing: no shared secrets, and never `none`. */
const externalAlgorithms = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];
const clockTolerance = 5;
const maxTokenLength = 8192;

const challenge = 'Bearer realm="maap-iwf"';

/** Tokens of the issuers that the configuration names; one of another issuer is not looked at. */
export function issuedTokens(
  platforms: readonly IssuedPlatform[],
  clock: Clock,
  times: Partial<KeySetTimes> = {},
): Way {
  const keySets = new Map(platforms.map(({ jwksUrl }) => [jwksUrl, new IssuerKeys(jwksUrl, clock, times)]));
  // Who is named by subject comes before who takes every subject of the issuer.
  const bySubject = platforms.filter(({ subject }) => subject !== undefined);
  const ordered = [...bySubject, ...platforms.filter((one) => !bySubject.includes(one))];
  return tokenWay(clock, async (token, payload) => {
    const candidate = ordered.find((one) => isFor(one, payload));
    const keys = candidate && keySets.get(candidate.jwksUrl);
    if (!keys) return undefined;
    const { platform, issuer, audience, requireScopes } = candidate;
    const verified = await keys.verify(token, {
      issuer,
      algorithms: externalAlgorithms,
      requiredClaims: ['exp'],
      clockTolerance,
      currentDate: new Date(clock.now()),
      ...(audience === undefined ? {} : { audience }),
    });
    // scp: how some issuers name it.
    const scopes = readScopes(verified.payload['scope'] ?? verified.payload['scp']);
    return { payload: verified.payload, platform, scopes: requireScopes ? scopes : undefined };
  });
}

/** Tokens that `/oauth2/token` has made. */
export function ownTokens({ key, issuer, platform }: OwnIssuer, clock: Clock): Way {
  return tokenWay(clock, async (token, payload) => {
    if (payload.iss !== issuer) return undefined;
    const verified = await jwtVerify(token, key, {
      issuer,
      audience: ownAudience,
      algorithms: [ownAlgorithm],
      typ: 'at+jwt',
      requiredClaims: ['exp', 'sub'],
      currentDate: new Date(clock.now()),
    });
    const owner = platform(verified.payload.sub ?? '');
    return owner && { payload: verified.payload, platform: owner, scopes: readScopes(verified.payload['scope']) };
  });
}

interface Checked {
  readonly payload: JWTPayload;
  readonly platform: Platform;
  readonly scopes: ReadonlySet<string> | undefined;
}

/** undefined: the token names another issuer. Rejects with jose's errors. */
type Check = (token: string, unverified: JWTPayload) => Promise<Checked | undefined>;

function tokenWay(clock: Clock, check: Check): Way {
  const cache = new TokenCache(clock);
  return {
    challenge,
    async authenticate(request): Promise<WayResult> {
      const token = bearer(request.headers.authorization);
      const unverified = token === undefined ? undefined : readToken(token);
      if (token === undefined || unverified === undefined) return { kind: 'absent' };
      const known = cache.get(token);
      if (known) return { kind: 'known', ...known };
      try {
        const checked = await check(token, unverified);
        if (!checked) return { kind: 'absent' };
        const { platform, scopes, payload } = checked;
        cache.set(token, { platform, scopes }, (payload.exp ?? 0) * 1000);
        return { kind: 'known', platform, scopes };
      } catch (error) {
        return refusalOf(error);
      }
    },
  };
}

/** The claims of what looks like a JWT, not yet believed; undefined: another kind of credential. */
function readToken(token: string): JWTPayload | undefined {
  if (token.length > maxTokenLength) return undefined;
  try {
    decodeProtectedHeader(token);
    return decodeJwt(token);
  } catch {
    return undefined;
  }
}

/** Several platforms may share an issuer: subject and audience tell them apart. */
function isFor({ issuer, subject, audience }: IssuedPlatform, { iss, sub, aud }: JWTPayload): boolean {
  if (iss !== issuer || (subject !== undefined && sub !== subject)) return false;
  return audience === undefined || [aud].flat().includes(audience);
}

/** Keys that cannot be fetched are no fault of the client: again later. */
function refusalOf(error: unknown): WayResult {
  if (isOfToken(error)) return { kind: 'refused', reason: error.code };
  throw new ApiError('SVC1000', [], { retryAfterS: 5 });
}
