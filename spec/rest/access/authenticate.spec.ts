import { expect } from 'chai';
import { bot, botPath, type Face, messages, openFace, userPath } from '../fake-gateway.js';
import { authenticator, bearer, staticKeys, type Way } from '../../../lib/rest/access/authenticate.js';

const hello = { chatMessage: { text: 'hello' } };

describe('rest/access/authenticate', () => {
  let face: Face;
  beforeEach(async () => (face = await openFace()));
  afterEach(() => face.close());

  it('takes any key of the platform, the scheme in any case', async () => {
    for (const Authorization of ['Bearer key-a', 'bearer key-a2', 'BEARER  key-a '])
      expect((await face.call('POST', messages, hello, { Authorization })).status, Authorization).to.equal(201);
  });

  for (const Authorization of ['', 'Bearer', 'Bearer wrong', 'Basic a2V5LWE=', 'key-a', 'Bearer key-a key-b']) {
    it(`refuses ${JSON.stringify(Authorization)}: 401 with a challenge, and nothing is done`, async () => {
      const reply = await face.call('POST', messages, hello, { Authorization });
      expect([reply.status, reply.refusal]).to.deep.equal([401, 'POL0001 unauthorized']);
      expect(reply.headers.get('www-authenticate')).to.equal('Bearer realm="maap-iwf"');
      expect(face.gateway.sent).to.have.length(0);
      expect(face.logged.join()).not.to.contain('key-a');
    });
  }

  it('shows a platform its own chatbots alone: another’s is as unknown as nobody’s', async () => {
    const paths = [
      ['POST', `/chat/v1/%s/oneToOne/${userPath}/adhoc/messages`, hello],
      ['GET', `/chat/v1/%s/oneToOne/${userPath}/adhoc/messages/m%201/status`, undefined],
      ['GET', '/chat/v1/%s/subscriptions', undefined],
      ['DELETE', '/spamreport/v1/%s/subscriptions/s1', undefined],
      ['GET', '/capabilitydiscovery/v1/%s/contactCapabilities/tel:1', undefined],
      ['GET', '/chat/v1/%s/group', undefined],
    ] as const;
    for (const [method, path, body] of paths) {
      const key = { Authorization: 'Bearer key-b' };
      const others = await face.call(method, path.replace('%s', botPath), body, key);
      const nobodys = await face.call(method, path.replace('%s', 'sip:x@y'), body, key);
      expect([others.status, others.refusal]).to.deep.equal([404, 'SVC2008 chatbot']);
      expect(others.text.replace(bot, '')).to.equal(nobodys.text.replace('sip:x@y', ''));
    }
    expect(face.gateway.sent).to.have.length(0);
  });

  it('acr:auth names the only chatbot of the credential, and is refused where it has several [IWF-1509]', async () => {
    const path = '/chat/v1/acr%3Aauth/subscriptions';
    expect((await face.call('GET', path)).status).to.equal(200);
    const reply = await face.call('GET', path, undefined, { Authorization: 'Bearer key-b' });
    expect([reply.status, reply.refusal]).to.deep.equal([400, 'SVC0002 userId']);
  });

  it('asks no credential of the page for people', async () => {
    expect((await face.call('GET', '/openapi.json', undefined, { Authorization: '' })).status).to.equal(200);
  });
});

describe('rest/access/authenticate: ways', () => {
  const platform = { id: 'p', serverRoot: 'https://gw.example' };
  const way = (kind: 'absent' | 'refused' | 'known', challenge?: string): Way => ({
    challenge,
    authenticate: () =>
      kind === 'known' ? { kind, platform } : kind === 'refused' ? { kind, reason: 'expired' } : { kind },
  });
  const judge = (ways: Way[]) => authenticator(ways)({ headers: {} } as never);

  it('the first that finds a credential of its kind decides', async () => {
    expect(await judge([way('absent'), way('known'), way('refused')])).to.deep.equal({ kind: 'known', platform });
    const refused = await judge([way('absent', 'Bearer'), way('refused', 'DPoP'), way('known')]);
    expect(refused).to.deep.equal({ kind: 'unknown', challenge: 'Bearer, DPoP', reason: 'expired' });
    expect(await judge([way('absent')])).to.deep.equal({ kind: 'unknown', challenge: '', reason: 'no credential' });
  });

  it('refuses a configured key that is no hash', () => {
    expect(() => staticKeys([{ platform, keys: ['secret'] }])).to.throw('platform p');
  });

  it('reads a bearer token', () => {
    expect(bearer('Bearer abc')).to.equal('abc');
    expect(bearer(`Bearer ${' '.repeat(50_000)}x y`)).to.equal(undefined);
    expect(bearer(undefined)).to.equal(undefined);
  });
});
