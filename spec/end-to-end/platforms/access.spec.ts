import { expect } from 'chai';
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { get } from 'node:https';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:tls';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { adminClient } from '../../support/admin-client.js';
import { Authority } from '../../support/certificates.js';
import { KeptLog } from '../kept-log.js';
import { cpim, RawPhone } from '../raw-phone.js';
import { bot, contact, key, startWorld, type World } from '../world.js';

const tlsFile = (name: string): string =>
  new URL(`../../../../spec/fixtures/msrp/tls/${name}`, import.meta.url).pathname;
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('who may come in', () => {
  let world: World;
  afterEach(() => world.stop());

  function post(authorization: string, more: Record<string, string> = {}): Promise<Response> {
    const path = `/chat/v1/${encodeURIComponent(bot)}/oneToOne/${encodeURIComponent(contact)}/adhoc/messages`;
    return fetch(`${world.serverRoot}${path}`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json', ...more },
      body: JSON.stringify({ chatMessage: { text: 'hello' } }),
    });
  }

  it('a platform with a secret gets a token, and sends with it [IWF-1523]', async () => {
    world = await startWorld({ platform: { clientSecrets: [sha256('secret')] }, config: { rest: { tokenS: 60 } } });
    const answer = await fetch(`${world.serverRoot}/oauth2/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'client_credentials', client_id: 'spec', client_secret: 'secret' }),
    });
    const given = (await answer.json()) as { access_token: string; expires_in: number };
    expect([answer.status, given.expires_in]).to.deep.equal([200, 60]);
    expect((await post(`Bearer ${given.access_token}`)).status).to.equal(201);
    expect((await post('Bearer wrong')).status).to.equal(401);
    await world.phone.until(() => world.phone.inbox.length === 1);
  });

  it('a stranger’s flood is counted, and is no flood of lines', async () => {
    const log = new KeptLog();
    world = await startWorld({ log });
    for (let n = 0; n < 30; n++) expect((await post('')).status).to.equal(401);
    expect((await post('Bearer wrong')).status).to.equal(401);
    const refused = () =>
      log.lines.filter(({ event }) => event === 'rest credential refused').map((line) => line.fields);
    expect(refused()).to.deep.equal([
      { reason: 'no credential', times: 1, who: '127.0.0.1' },
      { reason: 'unknown key', times: 1, who: '127.0.0.1' },
    ]);
    const metrics = String((await adminClient(() => world.gateway.ports.admin).ask('GET', '/metrics')).body);
    expect(metrics).to.match(/^iwf_rest_requests_total\{.*messages",method="POST",status="401"\} 31$/m);
    // What was not told yet is told at the end.
    await world.gateway.stop();
    expect(refused().slice(2)).to.deep.equal([{ reason: 'no credential', times: 29, who: '127.0.0.1' }]);
  });

  it('behind a proxy that is trusted, a client is whom the proxy names', async () => {
    const log = new KeptLog();
    world = await startWorld({ log, config: { rest: { trustedProxies: ['127.0.0.0/8'] } } });
    const by = (client: string, word: string): Promise<number> =>
      post(`Bearer ${word}`, { 'x-forwarded-for': `10.0.0.1, ${client}` }).then(({ status }) => status);
    expect(await by('203.0.113.7', 'wrong')).to.equal(401);
    expect(await by('203.0.113.8', key)).to.equal(201);
    const refused = log.lines.filter(({ event }) => event === 'rest credential refused');
    expect(refused.map(({ fields }) => fields['who'])).to.deep.equal(['203.0.113.7']);
  });

  it('a platform brings tokens of its own issuer [IWF-1522]', async () => {
    const { publicKey, privateKey } = await generateKeyPair('EdDSA');
    const keys = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k1' }] });
    const issuer = createServer((_request, response) => response.end(keys));
    await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve));
    const { port } = issuer.address() as AddressInfo;
    const jwt = {
      issuer: 'https://id.example',
      jwksUrl: `http://127.0.0.1:${port}/jwks`,
      audience: 'maap',
      subject: 'shop',
    };
    world = await startWorld({ platform: { jwt } });
    const token = (scope: string): Promise<string> =>
      new SignJWT({ scope })
        .setProtectedHeader({ alg: 'EdDSA', kid: 'k1' })
        .setIssuer(jwt.issuer)
        .setAudience(jwt.audience)
        .setSubject(jwt.subject)
        .setExpirationTime('1m')
        .sign(privateKey);
    expect((await post(`Bearer ${await token('oma_rest_chat.all_v1')}`)).status).to.equal(201);
    expect((await post(`Bearer ${await token('oma_rest_aliasmgmt.all_v1')}`)).status).to.equal(403);
    expect((await post('Bearer a-key-of-the-spec')).status).to.equal(201);
    issuer.close();
  });

  it('a platform shows its certificate where the face speaks TLS [IWF-1524]', async () => {
    const fingerprint = new X509Certificate(readFileSync(tlsFile('one.crt'))).fingerprint256.replaceAll(':', '');
    world = await startWorld({
      subscribe: false,
      platform: { clientCertificates: [fingerprint] },
      config: { rest: { tls: { cert: tlsFile('two.crt'), key: tlsFile('two.key'), clientCa: tlsFile('one.crt') } } },
    });
    const ask = (own: { cert?: Buffer; key?: Buffer }): Promise<number> =>
      new Promise((resolve, reject) => {
        const path = `/chat/v1/${encodeURIComponent(bot)}/subscriptions`;
        const trust = { ca: readFileSync(tlsFile('two.crt')), checkServerIdentity: () => undefined };
        const options = { host: '127.0.0.1', port: world.ports.rest, path, agent: false, ...trust, ...own };
        get(options, (response) => resolve(response.resume().statusCode ?? 0)).on('error', reject);
      });
    expect(await ask({ cert: readFileSync(tlsFile('one.crt')), key: readFileSync(tlsFile('one.key')) })).to.equal(200);
    expect(await ask({})).to.equal(401);
  });

  it('a TLS session is not one that the key, stolen later, would open [RFC 9325 §4.1]', async () => {
    const authority = await Authority.make('ca');
    try {
      const { certFile: cert, keyFile: key } = await authority.issue('rest', ['IP:127.0.0.1'], 'rsa');
      world = await startWorld({ subscribe: false, config: { rest: { tls: { cert, key } } } });
      const handshake = (ciphers: string): Promise<string> =>
        new Promise((resolve) => {
          const port = world.ports.rest;
          const asked = { host: '127.0.0.1', port, ca: authority.ca, maxVersion: 'TLSv1.2', ciphers } as const;
          const socket = connect(asked, () => {
            resolve(socket.getCipher().name);
            socket.destroy();
          });
          socket.once('error', () => resolve('refused'));
        });
      expect(await handshake('ECDHE-RSA-AES128-GCM-SHA256')).to.equal('ECDHE-RSA-AES128-GCM-SHA256');
      expect(await handshake('AES128-GCM-SHA256')).to.equal('refused');
    } finally {
      authority.remove();
    }
  });

  it('a suspended platform is refused, and its bots are 480 to the network [IWF-1525]', async () => {
    world = await startWorld({ platform: { suspended: true }, subscribe: false });
    const refused = await post('Bearer a-key-of-the-spec');
    expect(refused.status).to.equal(403);
    expect(JSON.stringify(await refused.json())).to.include('POL1010');
    const phone = await RawPhone.of(world);
    const type = 'message/cpim';
    const message = await phone.ask('MESSAGE', { type, body: cpim('hello', { id: 'm1' }).toString() });
    expect([message.status, Number(message.header('Retry-After')) > 0]).to.deep.equal([480, true]);
    expect((await phone.ask('OPTIONS')).status).to.equal(480);
    expect((await phone.invite()).status).to.equal(480);
    phone.close();
  });

  it('a platform beyond its requests a second is told to wait [IWF-1526]', async () => {
    world = await startWorld({ platform: { limits: { requestsPerS: 2 } } });
    const answers = await Promise.all(Array.from({ length: 5 }, () => post('Bearer a-key-of-the-spec')));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).to.be.greaterThan(1);
    expect(refused[0]?.headers.get('retry-after')).to.equal('1');
  });
});
