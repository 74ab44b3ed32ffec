import { expect } from 'chai';
import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT, UnsecuredJWT } from 'jose';
import { clientCertificates } from '../../../lib/rest/access/client-certificates.js';
import { FailedAttempts } from '../../../lib/rest/access/failed-attempts.js';
import { SlowRefusals } from '../../../lib/rest/access/slow-refusals.js';
import { type IssuedPlatform, issuedTokens, ownTokens } from '../../../lib/rest/access/tokens.js';
import { authenticator, staticKeys, type Way } from '../../../lib/rest/access/authenticate.js';
import { defaultRestLimits, type PlatformPolicy } from '../../../lib/rest/deps.js';
import { startRest } from '../../../lib/rest/listen.js';
import { FakeClock } from '../../support/fake-clock.js';
import { silentLog, silentMetrics } from '../../support/silent.js';
import { bot, botPath, type Face, FakeGateway, messages, openFace, userPath } from '../fake-gateway.js';
import { until } from '../../support/ask-again.js';

const hello = { chatMessage: { text: 'hello' } };
const serverRoot = 'https://gw.example/base';
const platform = { id: 'a', serverRoot };
const capabilities = `/capabilitydiscovery/v1/${botPath}/contactCapabilities/${userPath}`;
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const bearer = (token: string): Record<string, string> => ({ Authorization: `Bearer ${token}` });

/** An issuer with its JWKS on a real port. */
class Issuer {
  readonly url: string;
  fetched = 0;
  keys: JWK[] = [];
  private readonly server: Server;

  private constructor(server: Server) {
    this.server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`;
  }

  static async open(): Promise<Issuer> {
    const server = createServer((_request, response) => {
      issuer.fetched++;
      response.setHeader('Content-Type', 'application/json').end(JSON.stringify({ keys: issuer.keys }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const issuer = new Issuer(server);
    return issuer;
  }

  async newKey(kid: string): Promise<CryptoKey> {
    const { publicKey, privateKey } = await generateKeyPair('ES256');
    this.keys.push({ ...(await exportJWK(publicKey)), kid, alg: 'ES256' });
    return privateKey;
  }

  close(): Promise<unknown> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }
}

describe('tokens of an external issuer', () => {
  const clock = new FakeClock();
  let issuer: Issuer;
  let face: Face;
  let key: CryptoKey;

  beforeEach(async () => {
    issuer = await Issuer.open();
    key = await issuer.newKey('k1');
    face = await openFace({ authenticate: authenticator([issued()]), clock });
  });
  afterEach(async () => {
    await face.close();
    await issuer.close();
  });

  function issued(more: Partial<IssuedPlatform> = {}): Way {
    const one: IssuedPlatform = {
      ...{ platform, issuer: 'https://id.example', jwksUrl: issuer.url, audience: 'maap-iwf', subject: 'shop' },
      requireScopes: true,
      ...more,
    };
    return issuedTokens([one], clock, { maxAgeMs: 600_000, cooldownMs: 0 });
  }

  interface Claims {
    readonly [name: string]: unknown;
  }

  function token(claims: Claims = {}, kid = 'k1', by = key): Promise<string> {
    const nowS = Math.floor(clock.now() / 1000);
    const usual = { iss: 'https://id.example', aud: 'maap-iwf', sub: 'shop', scope: 'oma_rest_chat.all_v1' };
    return new SignJWT({ ...usual, iat: nowS, exp: nowS + 300, ...claims })
      .setProtectedHeader({ alg: 'ES256', kid })
      .sign(by);
  }

  const post = async (text: string) => face.call('POST', messages, hello, bearer(text));

  it('open the APIs that their scope names, and no others [IWF-1522]', async () => {
    const good = await token();
    expect((await post(good)).status).to.equal(201);
    const other = await face.call('GET', capabilities, undefined, bearer(good));
    expect([other.status, other.refusal]).to.deep.equal([403, 'POL0001 insufficient scope']);
    expect(other.headers.get('www-authenticate')).to.equal(
      'Bearer realm="maap-iwf", error="insufficient_scope", scope="oma_rest_capabilitydiscovery.all_v1"',
    );
    const both = await token({ scope: undefined, scp: ['oma_rest_capabilitydiscovery.all_v1'] });
    expect((await face.call('GET', capabilities, undefined, bearer(both))).status).to.equal(200);
    expect((await post(await token({ scope: undefined }))).status).to.equal(403);
  });

  it('have their keys fetched once, and again for a key that is new', async () => {
    await post(await token());
    await post(await token({ jti: '2' }));
    expect(issuer.fetched).to.equal(1);
    issuer.keys = [];
    const rotated = await issuer.newKey('k2');
    expect((await post(await token({}, 'k2', rotated))).status).to.equal(201);
    expect(issuer.fetched).to.equal(2);
    expect((await post(await token({ jti: '3' }))).status).to.equal(401);
  });

  it('are believed for a minute at most, and never beyond their end', async () => {
    const long = await token();
    const short = await token({ exp: Math.floor(clock.now() / 1000) + 20 });
    expect((await post(long)).status).to.equal(201);
    expect((await post(short)).status).to.equal(201);
    await clock.advance(30_000);
    expect((await post(short)).status).to.equal(401);
    // Withdrawn by the issuer.
    issuer.keys = [];
    await issuer.newKey('k2');
    await post(await token({}, 'k2'));
    expect((await post(long)).status).to.equal(201);
    await clock.advance(30_000);
    expect((await post(long)).status).to.equal(401);
  });

  for (const [title, claims] of [
    ['another audience', { aud: 'other' }],
    ['another subject', { sub: 'bank' }],
    ['another issuer', { iss: 'https://evil.example' }],
    ['an end that has passed', { exp: 1 }],
    ['no end', { exp: undefined }],
    ['a beginning to come', { nbf: 9_999_999_999 }],
  ] as const) {
    it(`are refused with ${title}`, async () => {
      const reply = await post(await token(claims));
      expect([reply.status, reply.refusal]).to.deep.equal([401, 'POL0001 unauthorized']);
      expect(face.gateway.sent).to.have.length(0);
    });
  }

  it('are refused unsigned, signed by another key, or signed with the public key as a secret', async () => {
    const claims = { iss: 'https://id.example', aud: 'maap-iwf', sub: 'shop', scope: 'oma_rest_chat.all_v1' };
    const { privateKey } = await generateKeyPair('ES256');
    const confused = new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'k1' }).setExpirationTime('1h');
    for (const forged of [
      new UnsecuredJWT(claims).setExpirationTime('1h').encode(),
      await token({}, 'k1', privateKey),
      await confused.sign(Buffer.from(JSON.stringify(issuer.keys[0]))),
      `${(await token()).slice(0, -4)}AAAA`,
      'a.b.c',
      'x'.repeat(10_000),
    ]) {
      expect((await post(forged)).status, forged.slice(0, 40)).to.equal(401);
    }
  });

  it('are refused where they are signed with a secret, even one that the issuer’s own key set holds', async () => {
    const secret = Buffer.alloc(32, 9);
    issuer.keys.push({ kty: 'oct', k: secret.toString('base64url'), kid: 's1', alg: 'HS256' });
    const claims = { iss: 'https://id.example', aud: 'maap-iwf', sub: 'shop', scope: 'oma_rest_chat.all_v1' };
    const nowS = Math.floor(clock.now() / 1000);
    const shared = new SignJWT({ ...claims, exp: nowS + 300 }).setProtectedHeader({ alg: 'HS256', kid: 's1' });
    expect((await post(await shared.sign(secret))).status).to.equal(401);
  });

  it('are judged by the keys that are known while the issuer is away', async () => {
    const one = { ...{ platform, issuer: 'https://id.example', jwksUrl: issuer.url, audience: undefined } };
    const old = issuedTokens([{ ...one, subject: 'shop', requireScopes: true }], clock, { maxAgeMs: 0, cooldownMs: 0 });
    const judge = async (text: string) => old.authenticate({ headers: { authorization: `Bearer ${text}` } } as never);
    expect((await judge(await token({ jti: '1' }))).kind).to.equal('known');
    await issuer.close();
    expect((await judge(await token({ jti: '2' }))).kind).to.equal('known');
    const { privateKey } = await generateKeyPair('ES256');
    expect((await judge(await token({ jti: '3' }, 'k1', privateKey))).kind).to.equal('refused');
    const unheardOf = await judge(await token({ jti: '4' }, 'k9', privateKey)).catch((error: unknown) => error);
    expect(unheardOf).to.include({ status: 503 });
    issuer = await Issuer.open();
  });

  it('of one issuer belong to the platform that names their subject, before one that takes all', async () => {
    const all = { ...{ issuer: 'https://id.example', jwksUrl: issuer.url, audience: undefined }, requireScopes: false };
    const other = { id: 'b', serverRoot };
    const way = issuedTokens(
      [
        { ...all, platform: other, subject: undefined },
        { ...all, platform, subject: 'shop' },
      ],
      clock,
    );
    const judge = async (text: string) => way.authenticate({ headers: { authorization: `Bearer ${text}` } } as never);
    expect(await judge(await token())).to.deep.include({ kind: 'known', platform, scopes: undefined });
    expect(await judge(await token({ sub: 'anybody' }))).to.deep.include({ platform: other });
  });

  for (const [what, first] of [
    ['never answers', ''],
    ['trickles its keys', 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9000\r\n\r\n{'],
  ] as const) {
    it(`wait no longer than their time for an issuer that ${what}: 503`, async () => {
      const slow = createTcpServer((socket) => {
        socket.on('error', () => undefined);
        socket.once('data', () => socket.write(first));
      });
      await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
      const jwksUrl = `http://127.0.0.1:${(slow.address() as AddressInfo).port}/jwks.json`;
      const one = { ...{ platform, issuer: 'https://id.example', jwksUrl, audience: undefined, subject: 'shop' } };
      const way = issuedTokens([{ ...one, requireScopes: true }], clock, { timeoutMs: 100 });
      const asked = { headers: { authorization: `Bearer ${await token()}` } } as never;
      const refused = await Promise.resolve(way.authenticate(asked)).catch((error: unknown) => error);
      expect(refused).to.include({ status: 503, retryAfterS: 5 });
      slow.close();
    });
  }

  it('cannot be judged while the issuer is away: 503, not 401', async () => {
    const good = await token();
    await issuer.close();
    const reply = await post(good);
    expect([reply.status, reply.refusal]).to.deep.equal([503, 'SVC1000']);
    expect(reply.headers.get('retry-after')).to.equal('5');
    issuer = await Issuer.open();
  });
});

describe('/oauth2/token', () => {
  const key = Buffer.alloc(32, 7);
  let face: Face;
  let clock: FakeClock;

  beforeEach(async () => {
    clock = new FakeClock();
    const clients = [{ id: 'a', secrets: [sha256('old secret'), sha256('s:e%c&ret'), sha256('p+q/50%41==')] }];
    const find = (id: string) => (id === 'a' ? platform : undefined);
    const ways = [ownTokens({ key, issuer: serverRoot, platform: find }, clock), staticKeys([])];
    face = await openFace({
      clock,
      authenticate: authenticator(ways),
      tokens: { key, issuer: serverRoot, lifetimeS: 600, clients },
    });
  });
  afterEach(() => face.close());

  const form = 'application/x-www-form-urlencoded';
  const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;
  const ask = (body: string, headers: Record<string, string> = {}) =>
    face.call('POST', '/oauth2/token', body, {
      Authorization: basic('a:s%3Ae%25c%26ret'),
      'Content-Type': form,
      ...headers,
    });

  it('gives a short-lived token for a secret, which opens what was asked [IWF-1523]', async () => {
    const reply = await ask('grant_type=client_credentials&scope=oma_rest_chat.all_v1');
    expect(reply.status).to.equal(200);
    expect(reply.headers.get('cache-control')).to.equal('no-store');
    const { access_token: token, ...rest } = reply.body as { access_token: string };
    expect(rest).to.deep.equal({ token_type: 'Bearer', expires_in: 600, scope: 'oma_rest_chat.all_v1' });
    expect((await face.call('POST', messages, hello, bearer(token))).status).to.equal(201);
    expect((await face.call('GET', capabilities, undefined, bearer(token))).status).to.equal(403);
    await clock.advance(600_000);
    expect((await face.call('POST', messages, hello, bearer(token))).status).to.equal(401);
    expect(face.logged.join()).not.to.contain(token);
  });

  it('takes any secret of the platform, in the form as well, and gives every scope where none is asked', async () => {
    const reply = await ask('grant_type=client_credentials&client_id=a&client_secret=old%20secret', {
      Authorization: '',
    });
    expect(reply.status).to.equal(200);
    const { access_token: token, scope } = reply.body as { access_token: string; scope: string };
    expect(scope).to.include('oma_rest_capabilitydiscovery.all_v1');
    expect((await face.call('GET', capabilities, undefined, bearer(token))).status).to.equal(200);
  });

  it('takes a secret as curl -u sends it, not form-encoded; a wrong one is one failure', async () => {
    const by = (text: string) => ask('grant_type=client_credentials', { Authorization: basic(text) });
    for (const asItIs of ['a:p+q/50%41==', 'a:s:e%c&ret', 'a:old secret', 'a:p%2Bq%2F50%2541%3D%3D'])
      expect((await by(asItIs)).status, asItIs).to.equal(200);
    // Five failures are told at once: as one each, the sixth is the first to wait.
    for (let failures = 1; failures <= 5; failures++) expect((await by('a:p+q/50A==')).status).to.equal(401);
  });

  for (const [title, body, headers, status, error] of [
    ['a wrong secret', 'grant_type=client_credentials', { Authorization: basic('a:wrong') }, 401, 'invalid_client'],
    ['an unknown client', 'grant_type=client_credentials', { Authorization: basic('b:x') }, 401, 'invalid_client'],
    ['no credential', 'grant_type=client_credentials', { Authorization: '' }, 401, 'invalid_client'],
    ['two credentials', 'grant_type=client_credentials&client_secret=x', {}, 401, 'invalid_client'],
    ['another grant', 'grant_type=password&username=a', {}, 400, 'unsupported_grant_type'],
    ['an unknown scope', 'grant_type=client_credentials&scope=admin', {}, 400, 'invalid_scope'],
    ['a parameter twice', 'grant_type=client_credentials&grant_type=x', {}, 400, 'invalid_request'],
    ['JSON', '{"grant_type":"client_credentials"}', { 'Content-Type': 'application/json' }, 400, 'invalid_request'],
  ] as const) {
    it(`refuses ${title}`, async () => {
      const reply = await ask(body, headers);
      expect(reply.status).to.equal(status);
      expect(reply.body).to.deep.equal({ error });
      if (status === 401) expect(reply.headers.get('www-authenticate')).to.equal('Basic realm="maap-iwf"');
    });
  }

  it('refuses a form that is too long, and other verbs', async () => {
    expect((await ask(`grant_type=${'x'.repeat(20_000)}`)).status).to.equal(413);
    const reply = await face.call('GET', '/oauth2/token');
    expect([reply.status, reply.headers.get('allow')]).to.deep.equal([405, 'POST']);
  });

  it('takes no token that was made with another key, or for another purpose', async () => {
    const make = (by: Buffer, typ: string) =>
      new SignJWT({ scope: 'oma_rest_chat.all_v1' })
        .setProtectedHeader({ alg: 'HS256', typ })
        .setIssuer(serverRoot)
        .setAudience('maap-iwf')
        .setSubject('a')
        .setExpirationTime(Math.floor(clock.now() / 1000) + 60)
        .sign(by);
    expect((await face.call('POST', messages, hello, bearer(await make(key, 'at+jwt')))).status).to.equal(201);
    for (const forged of [await make(Buffer.alloc(32, 8), 'at+jwt'), await make(key, 'JWT')])
      expect((await face.call('POST', messages, hello, bearer(forged))).status).to.equal(401);
  });
});

describe('what the configuration says of a platform', () => {
  let face: Face;
  let policy: PlatformPolicy;

  beforeEach(async () => {
    policy = { suspended: false, requestsPerS: undefined };
    face = await openFace({ policy: (id) => (id === 'a' ? policy : undefined) });
  });
  afterEach(() => face.close());

  it('suspended: POL1010, and nothing is done', async () => {
    policy = { suspended: true, requestsPerS: undefined };
    const reply = await face.call('POST', messages, hello);
    expect([reply.status, reply.refusal]).to.deep.equal([403, 'POL1010 chat']);
    expect(face.gateway.sent).to.have.length(0);
  });

  it('requestsPerS: 429 with Retry-After beyond it, and the others go on', async () => {
    policy = { suspended: false, requestsPerS: 3 };
    const statuses = [];
    for (let count = 0; count < 5; count++) statuses.push((await face.call('POST', messages, hello)).status);
    expect(statuses).to.deep.equal([201, 201, 201, 429, 429]);
    const refused = await face.call('POST', messages, hello);
    expect([refused.refusal, refused.headers.get('retry-after')]).to.deep.equal(['POL0001 too many requests', '1']);
    const others = await face.call('GET', '/chat/v1/sip%3Aone%40b.example/subscriptions', undefined, bearer('key-b'));
    expect(others.status).to.equal(200);
    await face.clock.advance(1000);
    expect((await face.call('POST', messages, hello)).status).to.equal(201);
    expect(face.counted.filter((line) => line.startsWith('limit_reached_total'))).to.have.length(3);
    expect(face.logged.filter((line) => line.startsWith('platform asks too much'))).to.have.length(1);
  });
});

describe('under overload', () => {
  it('a message is refused to whom it knows alone: nobody uses up the share of another’s chatbot', async () => {
    const asked: string[] = [];
    const face = await openFace({ overloaded: (of, by) => asked.push(`${of} of ${by}`) && 5 });
    try {
      expect((await face.call('POST', messages, hello, bearer('no-key'))).status).to.equal(401);
      expect(asked).to.deep.equal([]);
      const refused = await face.call('POST', messages, hello);
      expect([refused.status, refused.headers.get('retry-after')]).to.deep.equal([503, '5']);
      expect(asked).to.deep.equal([`${bot} of ${platform.id}`]);
    } finally {
      await face.close();
    }
  });

  it('a request that would wait too long for its turn is refused before anything is spent on it', async () => {
    const asked: string[] = [];
    const face = await openFace({
      overdue: (source) => (source === '127.0.0.1' ? 7 : undefined),
      turn: (source) => void asked.push(source),
    });
    try {
      const refused = await face.call('POST', messages, hello, bearer('no-key'));
      expect([refused.status, refused.headers.get('retry-after')]).to.deep.equal([503, '7']);
      expect(refused.refusal).to.include('SVC1000');
      expect(asked).to.deep.equal([]);
    } finally {
      await face.close();
    }
  });

  it('such refusals are told slowly where they are many: who asks again at once gains nothing', async () => {
    const clock = new FakeClock(0);
    const face = await openFace({ overdue: () => 7, clock });
    try {
      const promptly = await Promise.all(Array.from({ length: 20 }, () => face.call('POST', messages, hello)));
      expect(promptly.map(({ status }) => status)).to.deep.equal(Array<number>(20).fill(503));
      let isTold = false;
      const late = face.call('POST', messages, hello).then((answer) => {
        isTold = true;
        return answer.status;
      });
      await until(() => clock.pending > 0);
      expect(isTold).to.equal(false);
      await clock.advance(2_000);
      expect(await late).to.equal(503);
    } finally {
      await face.close();
    }
  });
});

describe('refusals of a platform that asks too much', () => {
  let face: Face;

  beforeEach(async () => {
    face = await openFace({ policy: () => ({ suspended: false, requestsPerS: 1 }) });
    expect((await face.call('POST', messages, hello)).status).to.equal(201);
    for (let count = 0; count < 20; count++) expect((await face.call('POST', messages, hello)).status).to.equal(429);
  });
  afterEach(() => face.close());

  /** A further request, once it is held back. */
  async function held(): Promise<{ readonly reply: ReturnType<Face['call']>; readonly isTold: () => boolean }> {
    const before = face.clock.pending;
    let told = false;
    const reply = face.call('POST', messages, hello);
    void reply.then(() => (told = true));
    await until(() => face.clock.pending > before || told);
    return { reply, isTold: () => told };
  }

  it('come later after the twentieth of a second, and at once again after it', async () => {
    const { reply, isTold } = await held();
    await face.clock.advance(499);
    expect(isTold()).to.equal(false);
    await face.clock.advance(1);
    expect((await reply).status).to.equal(429);
    await face.clock.advance(500);
    expect((await face.call('POST', messages, hello)).status).to.equal(201);
    expect((await face.call('POST', messages, hello)).status).to.equal(429);
  });

  it('hold nobody else up', async () => {
    const { reply } = await held();
    const others = '/chat/v1/sip%3Aone%40b.example/subscriptions';
    expect((await face.call('GET', others, undefined, bearer('key-b'))).status).to.equal(200);
    expect((await face.call('GET', others, undefined, bearer('key-b'))).status).to.equal(429);
    await face.clock.advance(1000);
    expect((await reply).status).to.equal(429);
  });

  it('that came together come apart', async () => {
    const refusals = new SlowRefusals(face.clock);
    const socket = { pause: () => undefined, resume: () => undefined } as never;
    const toldAtMs: number[] = [];
    const beganMs = face.clock.now();
    for (let count = 0; count < 120; count++)
      void refusals.due('a', { socket }).then(() => toldAtMs.push(face.clock.now() - beganMs));
    await face.clock.advance(1500);
    expect(toldAtMs.filter((atMs) => atMs === 0)).to.have.length(20);
    const late = toldAtMs.filter((atMs) => atMs > 0);
    expect(late).to.have.length(100);
    for (let fromMs = 500; fromMs < 1500; fromMs += 100)
      expect(late.filter((atMs) => atMs >= fromMs && atMs < fromMs + 100)).to.have.lengthOf.within(8, 12);
  });

  it('keep what is behind them on the connection from being read', async () => {
    const request = `POST ${messages} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer key-a\r\nContent-Length: 0\r\n`;
    const before = face.clock.pending;
    const socket = connect(face.server.port, '127.0.0.1');
    let said = '';
    socket.on('data', (data: Buffer) => (said += data.toString()));
    const closed = once(socket, 'close');
    socket.write(`${request}\r\n`);
    await until(() => face.clock.pending > before);
    const refused = (): number => face.counted.filter((line) => line.startsWith('limit_reached_total')).length;
    expect(refused()).to.equal(21);
    socket.write(`${request}Connection: close\r\n\r\n`);
    // One that comes over another connection, and is held as well: what could be read by then has been.
    const { reply } = await held();
    expect(refused()).to.equal(22);
    let isClosed = false as boolean;
    void closed.then(() => (isClosed = true));
    while (!isClosed) await face.clock.advance(100);
    expect((await reply).status).to.equal(429);
    expect(said).to.match(/^HTTP\/1\.1 429 [^]*HTTP\/1\.1 4\d\d /);
  });
});

describe('guessing credentials', () => {
  const clock = new FakeClock();
  const known = staticKeys([{ platform, keys: [sha256('right')] }]);
  const request = (text: string, remoteAddress = '192.0.2.1') =>
    ({ headers: { authorization: `Bearer ${text}` }, socket: { remoteAddress } }) as never;

  it('is slowed down, longer each time, and the right one is not', async () => {
    const judge = authenticator([known], new FailedAttempts(clock));
    for (let count = 0; count < 5; count++) expect((await judge(request('wrong'))).kind).to.equal('unknown');
    let answered = 0;
    const ask = (): void => void judge(request('wrong')).then(() => answered++);
    ask();
    await clock.advance(99);
    expect(answered).to.equal(0);
    await clock.advance(1);
    expect(answered).to.equal(1);
    ask();
    await clock.advance(199);
    expect(answered).to.equal(1);
    expect((await judge(request('right'))).kind).to.equal('known');
    await clock.advance(1);
    expect(answered).to.equal(2);
    expect((await judge(request('wrong', '192.0.2.2'))).kind).to.equal('unknown');
  });

  it('is refused unseen while eight answers to the same source are held back', async () => {
    const judge = authenticator([known], new FailedAttempts(clock));
    for (let count = 0; count < 5; count++) await judge(request('wrong', '2001:db8::1'));
    const held = Array.from({ length: 8 }, (_, count) => judge(request('wrong', `2001:db8::${count}:9`)));
    await clock.advance(1);
    const late = await judge(request('right', '2001:db8::1')).catch((error: unknown) => error);
    expect(late).to.include({ status: 429, retryAfterS: 5 });
    await clock.advance(60_000);
    await Promise.all(held);
    expect((await judge(request('right', '2001:db8::1'))).kind).to.equal('known');
  });

  it('of many sources fills no memory', async () => {
    const judge = authenticator([known], new FailedAttempts(clock));
    const before = clock.pending;
    for (let count = 0; count < 10_500; count++) await judge(request('wrong', `10.0.${count >> 8}.${count & 255}`));
    expect(clock.pending).to.equal(before);
  });
});

describe('REST over TLS', () => {
  const read = (name: string): string => readFileSync(`spec/fixtures/msrp/tls/${name}`, 'utf8');
  const fingerprintOf = (name: string): string =>
    new X509Certificate(read(name)).fingerprint256.replaceAll(':', '').toLowerCase();
  let port: number;
  let close: () => Promise<void>;

  beforeEach(() => open([fingerprintOf('one.crt')]));

  async function open(fingerprints: readonly string[]): Promise<void> {
    const clock = new FakeClock();
    const ways = [
      staticKeys([{ platform, keys: [sha256('a-key')] }]),
      clientCertificates([{ platform, fingerprints }]),
    ];
    const gateway = new FakeGateway(clock);
    const chatbot = { uri: 'sip:weather@botplatform.example.net', name: 'w', version: '#=1', mode: 'auto', serverRoot };
    const server = await startRest(
      {
        ...{ actions: gateway.actions(), authenticate: authenticator(ways), limits: defaultRestLimits, clock },
        directory: {
          find: () => ({ ...chatbot, mode: 'auto', roles: ['session'], platformId: 'a' }),
          ofPlatform: () => [],
        },
        ...{ log: silentLog, metrics: silentMetrics },
      },
      {
        ...{ host: '127.0.0.1', port: 0 },
        tls: { cert: read('two.crt'), key: read('two.key'), clientCa: read('one.crt') },
      },
    );
    port = server.port;
    close = () => server.close(0);
  }
  afterEach(() => close());

  function get(client: { cert?: string; key?: string; headers?: Record<string, string> }): Promise<number> {
    return new Promise((resolve, reject) => {
      const request = httpsRequest(
        {
          ...{ host: '127.0.0.1', port, path: `/chat/v1/${botPath}/subscriptions`, ca: read('two.crt'), agent: false },
          checkServerIdentity: () => undefined,
          ...client,
        },
        (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        },
      );
      request.on('error', reject);
      request.end();
    });
  }

  it('knows a platform by its certificate [IWF-1524]', async () => {
    expect(await get({ cert: read('one.crt'), key: read('one.key') })).to.equal(200);
  });

  it('refuses a certificate that nobody trusted has signed', async () => {
    expect(await get({ cert: read('two.crt'), key: read('two.key') })).to.equal(401);
  });

  it('refuses a certificate that is configured and signed by nobody trusted, and one that is trusted and nobody’s', async () => {
    await close();
    await open([fingerprintOf('two.crt')]);
    expect(await get({ cert: read('two.crt'), key: read('two.key') })).to.equal(401);
    expect(await get({ cert: read('one.crt'), key: read('one.key') })).to.equal(401);
  });

  it('lets the bearer decide where there is one', async () => {
    expect(await get({ headers: bearer('a-key') })).to.equal(200);
    expect(await get({ cert: read('two.crt'), key: read('two.key'), headers: bearer('a-key') })).to.equal(200);
    expect(await get({ cert: read('one.crt'), key: read('one.key'), headers: bearer('wrong') })).to.equal(401);
    expect(await get({})).to.equal(401);
  });

  it('answers no plain HTTP', async () => {
    const plain = await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined);
    expect(plain).to.equal(undefined);
  });
});
