/** `/oauth2/token`: a platform's secret against a short-lived token (RFC 6749 §4.4, RFC 9068). */
import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import { type Request, type Response, Router } from 'express';
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../clock.js';
import type { Logger } from '../../log.js';
import { methodNotAllowed, securityHeaders, writeAnswer } from '../http/answer.js';
import type { Metrics } from '../../metrics.js';
import { readBytes } from '../http/body.js';
import { type ClientAddress, peerAddress } from '../http/client-address.js';
import type { FailedAttempts } from './failed-attempts.js';
import { allScopes, readScopes } from './scopes.js';
import { ownAlgorithm, ownAudience } from './own-tokens.js';

export interface TokenClient {
  /** The platform's id. */
  readonly id: string;
  /** sha256 of each secret, hex; several while rotating. */
  readonly secrets: readonly string[];
}

export interface TokenEndpoint {
  /** 256 bits. */
  readonly key: Uint8Array;
  readonly issuer: string;
  readonly lifetimeS: number;
  readonly clients: readonly TokenClient[];
}

export interface TokenEndpointDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly attempts: FailedAttempts;
  readonly refused?: ((reason: string, peer: string) => void) | undefined;
  readonly clientAddress?: ClientAddress | undefined;
}

/** An error of RFC 6749 §5.2. */
interface Refusal {
  readonly kind: 'refused';
  readonly status: 400 | 401;
  readonly error: 'invalid_request' | 'invalid_client' | 'unsupported_grant_type' | 'invalid_scope';
}

interface Granted {
  readonly kind: 'granted';
  readonly body: object;
}

type Form = ReadonlyMap<string, string>;

const tokenPath = '/oauth2/token';
const maxFormBytes = 16_384;

export function tokenRouter(endpoint: TokenEndpoint, deps: TokenEndpointDeps): Router {
  const router = Router({ strict: true, caseSensitive: true });
  router.post(tokenPath, async (request, response) => {
    const result = await grant(endpoint, deps, request);
    const status = result.kind === 'refused' ? result.status : 200;
    deps.metrics.count('rest_requests_total', { route: tokenPath, method: 'POST', status: String(status) });
    if (result.kind === 'refused') refuse(response, result);
    else send(response, 200, result.body);
  });
  router.all(tokenPath, (_request, response) => void writeAnswer(response, methodNotAllowed(['POST']), 'JSON'));
  return router;
}

async function grant(
  endpoint: TokenEndpoint,
  { attempts, clock, log, refused, clientAddress = peerAddress }: TokenEndpointDeps,
  request: Request,
): Promise<Refusal | Granted> {
  const address = clientAddress(request);
  attempts.admit(address);
  const form = await readForm(request);
  if (!form) return { kind: 'refused', status: 400, error: 'invalid_request' };
  const client = clientOf(endpoint.clients, readingsOf(request, form));
  if (!client) {
    refused?.('unknown client', address);
    await attempts.failed(address);
    return { kind: 'refused', status: 401, error: 'invalid_client' };
  }
  if (form.get('grant_type') !== 'client_credentials')
    return { kind: 'refused', status: 400, error: 'unsupported_grant_type' };
  const asked = readScopes(form.get('scope'));
  if ([...asked].some((scope) => !allScopes.includes(scope)))
    return { kind: 'refused', status: 400, error: 'invalid_scope' };
  const scope = (asked.size > 0 ? [...asked] : allScopes).join(' ');
  const issuedAtS = Math.floor(clock.now() / 1000);
  // Few gateways give tokens: what makes them is loaded by the first.
  const { SignJWT } = await import('jose');
  const token = await new SignJWT({ scope, client_id: client.id })
    .setProtectedHeader({ alg: ownAlgorithm, typ: 'at+jwt' })
    .setIssuer(endpoint.issuer)
    .setAudience(ownAudience)
    .setSubject(client.id)
    .setJti(randomUUID())
    .setIssuedAt(issuedAtS)
    .setExpirationTime(issuedAtS + endpoint.lifetimeS)
    .sign(endpoint.key);
  log.info('token given', { platform: client.id, scope });
  return {
    kind: 'granted',
    body: { access_token: token, token_type: 'Bearer', expires_in: endpoint.lifetimeS, scope },
  };
}

/** undefined: another type, a parameter twice (RFC 6749 §3.2), or what is no form. Throws ApiError 413. */
async function readForm(request: IncomingMessage): Promise<Form | undefined> {
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (type !== 'application/x-www-form-urlencoded') return undefined;
  const form = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(
    (await readBytes(request, { maxBytes: maxFormBytes })).toString('utf8'),
  )) {
    if (form.has(name)) return undefined;
    form.set(name, value);
  }
  return form;
}

interface Credential {
  readonly id: string;
  readonly secret: string;
}

/**
 * By HTTP Basic, whose parts are form-encoded, or in the form (RFC 6749 §2.3.1); never both. curl -u and many libraries
 * send them as they are: that is the second reading.
 */
function readingsOf({ headers }: IncomingMessage, form: Form): readonly Credential[] {
  const basic = /^basic +([A-Za-z0-9+/=]{1,4096}) *$/i.exec(headers.authorization ?? '')?.[1];
  const inForm = form.get('client_secret');
  if (basic === undefined) return inForm === undefined ? [] : [{ id: form.get('client_id') ?? '', secret: inForm }];
  if (inForm !== undefined) return [];
  const text = Buffer.from(basic, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 0) return [];
  const [id, secret] = [text.slice(0, colon), text.slice(colon + 1)];
  return [
    { id: formDecoded(id), secret: formDecoded(secret) },
    { id, secret },
  ];
}

function formDecoded(text: string): string {
  return new URLSearchParams(`v=${text.replaceAll('&', '%26')}`).get('v') ?? '';
}

/** In every reading each secret of the client is compared, in constant time; the first that fits counts. */
function clientOf(clients: readonly TokenClient[], readings: readonly Credential[]): TokenClient | undefined {
  return readings.map((credential) => clientBy(clients, credential)).find((client) => client !== undefined);
}

function clientBy(clients: readonly TokenClient[], credential: Credential): TokenClient | undefined {
  const hash = createHash('sha256').update(credential.secret).digest();
  const client = clients.find(({ id }) => id === credential.id);
  const fits = (client?.secrets ?? []).filter((secret) => timingSafeEqual(Buffer.from(secret, 'hex'), hash));
  return fits.length > 0 ? client : undefined;
}

function refuse(response: Response, { status, error }: Refusal): void {
  if (status === 401) response.setHeader('WWW-Authenticate', 'Basic realm="maap-iwf"');
  send(response, status, { error });
}

/** RFC 6749 §5.1: nothing of it is to be kept. */
function send(response: Response, status: number, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    ...securityHeaders,
    Pragma: 'no-cache',
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
  });
  response.end(text);
}
