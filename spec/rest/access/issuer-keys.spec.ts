/** An issuer whose keys do not come: who waits for them, and who does not. */
import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { authenticator, staticKeys } from '../../../lib/rest/access/authenticate.js';
import { issuedTokens } from '../../../lib/rest/access/tokens.js';
import { defaultRestLimits } from '../../../lib/rest/deps.js';
import { until } from '../../support/ask-again.js';
import { FakeClock } from '../../support/fake-clock.js';
import { type Face, messages, openFace, type Reply, serverRoot } from '../fake-gateway.js';

const platform = { id: 'a', serverRoot };

describe('an issuer that takes requests for its keys, and answers none', () => {
  let clock: FakeClock;
  let server: Server;
  let face: Face;
  let key: CryptoKey;
  let keys: string;
  let hangs: boolean;
  let hanging: ServerResponse[];

  beforeEach(async () => {
    [clock, hangs, hanging] = [new FakeClock(), false, []];
    const pair = await generateKeyPair('ES256');
    key = pair.privateKey;
    keys = JSON.stringify({ keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'ES256' }] });
    server = createServer((_request, response) => {
      if (hangs) hanging.push(response);
      else response.end(keys);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await face.close();
  });

  async function open(maxAgeMs = 600_000): Promise<void> {
    const jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const issued = { ...{ platform, issuer: 'https://id.example', jwksUrl }, audience: undefined, subject: undefined };
    // One that hangs is let go by the spec, in place of the time-out.
    const times = { maxAgeMs, cooldownMs: 0, timeoutMs: 60_000 };
    const hash = createHash('sha256').update('key-a').digest('hex');
    face = await openFace({
      clock,
      authenticate: authenticator([
        issuedTokens([{ ...issued, requireScopes: false }], clock, times),
        staticKeys([{ platform, keys: [hash] }]),
      ]),
      limits: { ...defaultRestLimits, maxInFlight: 150 },
    });
  }
  async function post(kid: string): Promise<Reply> {
    const token = new SignJWT({ iss: 'https://id.example', jti: String(Math.random()) })
      .setProtectedHeader({ alg: 'ES256', kid })
      .setExpirationTime(Math.floor(clock.now() / 1000) + 3_600);
    const headers = { Authorization: `Bearer ${await token.sign(key)}` };
    return face.call('POST', messages, { chatMessage: { text: 'hello' } }, headers);
  }
  const letGo = (): void => hanging.splice(0).forEach((response) => void response.destroy());
  const statusOf = async (kid: string): Promise<number> => (await post(kid)).status;

  it('holds fifty requests that ask for a key that is not known, and nobody else', async () => {
    await open();
    expect(await statusOf('k1')).to.equal(201);
    hangs = true;
    const statuses: number[] = [];
    const asked = Array.from({ length: 200 }, () => statusOf('k9').then((status) => void statuses.push(status)));
    await until(() => statuses.length === 150);
    expect(new Set(statuses)).to.deep.equal(new Set([503]));
    const refused = await post('k9');
    expect([refused.status, refused.refusal, refused.headers.get('retry-after')]).to.deep.equal([503, 'SVC1000', '5']);
    expect(await statusOf('k1')).to.equal(201);
    expect((await face.call('POST', messages, { chatMessage: { text: 'hello' } })).status).to.equal(201);
    expect(hanging).to.have.length(1);
    letGo();
    await Promise.all(asked);
  });

  it('is waited for once by tokens whose key is known and old, and then asked behind them', async () => {
    await open(0);
    expect(await statusOf('k1')).to.equal(201);
    hangs = true;
    const first = statusOf('k1');
    await until(() => hanging.length === 1);
    letGo();
    expect(await first).to.equal(201);
    for (let n = 0; n < 3; n++) {
      await clock.advance(20_000);
      expect(await statusOf('k1')).to.equal(201);
      await until(() => hanging.length === 1);
      expect(await statusOf('k1')).to.equal(201);
      letGo();
      await until(async () => (await statusOf('k9')) === 503);
    }
  });

  it('is asked no more than once in five seconds after it has failed, and believed when it is back', async () => {
    await open();
    hangs = true;
    const first = statusOf('k1');
    await until(() => hanging.length === 1);
    letGo();
    expect(await first).to.equal(503);
    expect([await statusOf('k1'), hanging.length]).to.deep.equal([503, 0]);
    hangs = false;
    await clock.advance(5_000);
    expect(await statusOf('k1')).to.equal(201);
    expect(await statusOf('k9')).to.equal(401);
  });
});
