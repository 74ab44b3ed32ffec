/** Who may come in at the REST face, and by which credential: the platforms of the configuration. */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../clock.js';
import type { Config, PlatformConfig } from '../../config.js';
import type { Platform } from '../../iwf/actions.js';
import { clientCertificates } from '../../rest/access/client-certificates.js';
import { FailedAttempts } from '../../rest/access/failed-attempts.js';
import type { IssuedPlatform, OwnIssuer } from '../../rest/access/tokens.js';
import { type ClientAddress, forwardedAddress, peerAddress } from '../../rest/http/client-address.js';
import { authenticator, staticKeys, type Way } from '../../rest/access/authenticate.js';
import type { PlatformPolicy, RestDeps } from '../../rest/deps.js';
import { trustedBy } from '../network/trusted-peers.js';

export type Access = Pick<RestDeps, 'authenticate' | 'policy' | 'tokens' | 'attempts' | 'clientAddress'>;

export async function accessOf(config: Config, clock: Clock): Promise<Access> {
  const { platforms, rest, serverRoot } = config;
  const byId = new Map(platforms.map((platform) => [platform.id, platform]));
  const attempts = new FailedAttempts(clock);
  const clientAddress = clientAddressOf(rest);
  const clients = platforms
    .filter(({ clientSecrets }) => clientSecrets.length > 0)
    .map(({ id, clientSecrets }) => ({ id, secrets: clientSecrets }));
  const key = rest.tokenKey === undefined ? randomBytes(32) : Buffer.from(rest.tokenKey, 'hex');
  const own = clients.length > 0 ? { key, issuer: serverRoot, lifetimeS: rest.tokenS, clients } : undefined;
  const platform = (id: string): Platform | undefined => {
    const known = byId.get(id);
    return known?.clientSecrets.length ? platformOf(known) : undefined;
  };
  const ways: readonly Way[] = [
    ...(await tokenWays(own && { ...own, platform }, issuersOf(platforms), clock)),
    staticKeys(platforms.map((one) => ({ platform: platformOf(one), keys: one.keys }))),
    ...certificates(platforms),
  ];
  return {
    authenticate: authenticator(ways, attempts, clientAddress),
    clientAddress,
    policy: (id): PlatformPolicy | undefined => {
      const known = byId.get(id);
      if (!known) return undefined;
      const { requestsPerS, contactsPerHour } = known.limits;
      return { suspended: known.suspended, requestsPerS, contactsPerHour };
    },
    tokens: own,
    attempts,
  };
}

/** Without proxies nobody's word is heard. */
function clientAddressOf({ trustedProxies }: Config['rest']): ClientAddress {
  return trustedProxies.length > 0 ? forwardedAddress(trustedBy(trustedProxies)) : peerAddress;
}

/** What reads tokens is loaded where there are any. */
async function tokenWays(
  own: OwnIssuer | undefined,
  issued: readonly IssuedPlatform[],
  clock: Clock,
): Promise<readonly Way[]> {
  if (!own && issued.length === 0) return [];
  const { issuedTokens, ownTokens } = await import('../../rest/access/tokens.js');
  return [...(own ? [ownTokens(own, clock)] : []), ...(issued.length > 0 ? [issuedTokens(issued, clock)] : [])];
}

function issuersOf(platforms: readonly PlatformConfig[]): readonly IssuedPlatform[] {
  return platforms.flatMap((one): IssuedPlatform[] => {
    if (!one.jwt) return [];
    const { issuer, jwksUrl, audience, subject, requireScopes = true } = one.jwt;
    return [{ platform: platformOf(one), issuer, jwksUrl, audience, subject, requireScopes }];
  });
}

function certificates(platforms: readonly PlatformConfig[]): readonly Way[] {
  const holders = platforms
    .filter((one) => one.clientCertificates.length > 0)
    .map((one) => ({ platform: platformOf(one), fingerprints: one.clientCertificates }));
  return holders.length > 0 ? [clientCertificates(holders)] : [];
}

function platformOf({ id, serverRoot }: PlatformConfig): Platform {
  return { id, serverRoot };
}
