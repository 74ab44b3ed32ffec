/** Clients behind a reverse proxy: who they are is what a proxy says that is trusted, and nobody else. */
import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { trustedBy } from '../../../lib/gateway/network/trusted-peers.js';
import { parseBlock } from '../../../lib/config/values.js';
import { authenticator, staticKeys } from '../../../lib/rest/access/authenticate.js';
import { FailedAttempts } from '../../../lib/rest/access/failed-attempts.js';
import { type ClientAddress, forwardedAddress } from '../../../lib/rest/http/client-address.js';
import { FakeClock } from '../../support/fake-clock.js';
import { until } from '../../support/ask-again.js';
import { type Face, messages, openFace, serverRoot } from '../fake-gateway.js';

function behind(...proxies: readonly string[]): ClientAddress {
  return forwardedAddress(trustedBy(proxies.flatMap((text) => parseBlock(text) ?? [])));
}

describe('whose request it is', () => {
  const addressOf = behind('127.0.0.1', '192.0.2.0/24', '2001:db8:1::/48');
  const rows: readonly [what: string, peer: string, forwarded: string | undefined, client: string][] = [
    ['a peer that is no proxy, whatever it says', '198.51.100.9', '203.0.113.7', '198.51.100.9'],
    ['a proxy that says nothing', '127.0.0.1', undefined, '127.0.0.1'],
    ['whom a proxy names', '127.0.0.1', '203.0.113.7', '203.0.113.7'],
    ['whom it names last, not what the client wrote before', '127.0.0.1', '10.9.9.9, 203.0.113.7', '203.0.113.7'],
    ['the last who is no proxy, of several', '127.0.0.1', '10.9.9.9,203.0.113.7 , 192.0.2.4', '203.0.113.7'],
    ['the first of them, where all are proxies', '127.0.0.1', '192.0.2.5, 192.0.2.4', '192.0.2.5'],
    ['IPv6', '2001:db8:1::9', '2001:DB8:2:0:0::7', '2001:db8:2::7'],
    [
      'a proxy in the form of IPv6, as a socket on all addresses has it',
      '::ffff:127.0.0.1',
      '203.0.113.7',
      '203.0.113.7',
    ],
    ['a client in the form of IPv6', '127.0.0.1', '::FFFF:cb00:7107', '203.0.113.7'],
    ['a proxy in the form of IPv6 that is named', '127.0.0.1', '203.0.113.7, ::ffff:192.0.2.4', '203.0.113.7'],
    ['with its port', '127.0.0.1', '203.0.113.7:4711', '203.0.113.7'],
    ['IPv6 with its port', '127.0.0.1', '[2001:db8:2::7]:4711', '2001:db8:2::7'],
    ['the proxy, where what it names is none', '127.0.0.1', '203.0.113.7, unknown', '127.0.0.1'],
    ['the proxy that named none, of two', '127.0.0.1', '203.0.113.7, _hidden, 192.0.2.4', '192.0.2.4'],
    ['the proxy, where it names nobody', '127.0.0.1', '203.0.113.7,', '127.0.0.1'],
    ['the proxy, of an empty line', '127.0.0.1', '', '127.0.0.1'],
    ['the proxy, of a number too large', '127.0.0.1', '203.0.113.256', '127.0.0.1'],
    ['a link’s address without its zone', '127.0.0.1', 'fe80::7%eth0', 'fe80::7'],
  ];
  for (const [what, remoteAddress, forwarded, client] of rows)
    it(`${what}: ${client}`, () => {
      const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
      const request = { headers, socket: { remoteAddress } } as never;
      expect([addressOf(request), addressOf(request)]).to.deep.equal([client, client]);
    });
});

describe('clients behind a reverse proxy', () => {
  const hello = { chatMessage: { text: 'hello' } };
  const platform = { id: 'a', serverRoot };
  const key = createHash('sha256').update('key-a').digest('hex');
  let face: Face;
  let clock: FakeClock;
  let sources: string[];
  let refused: string[];

  async function open(...proxies: readonly string[]): Promise<void> {
    [sources, refused] = [[], []];
    clock = new FakeClock();
    const clientAddress = behind(...proxies);
    face = await openFace({
      ...{ clock, clientAddress },
      authenticate: authenticator([staticKeys([{ platform, keys: [key] }])], new FailedAttempts(clock), clientAddress),
      refused: (_reason, peer) => void refused.push(peer),
      turn: (source) => void sources.push(source),
    });
  }
  afterEach(async () => {
    await clock.advance(60_000);
    const closed = face.close();
    await clock.advance(1_000);
    await closed;
  });

  const by = (client: string, word = 'key-a'): Promise<number> =>
    face
      .call('POST', messages, hello, { Authorization: `Bearer ${word}`, 'X-Forwarded-For': client })
      .then(({ status }) => status);

  /** More wrong credentials than are answered at once: eight answers are held back. */
  async function guess(client: () => string): Promise<void> {
    for (let n = 0; n < 5; n++) expect(await by(client(), 'wrong')).to.equal(401);
    for (let n = 0; n < 8; n++) void by(client(), 'wrong').catch(() => undefined);
    await until(async () => (await by(client())) === 429);
  }

  it('one that guesses keeps himself alone waiting', async () => {
    await open('127.0.0.1');
    await guess(() => '10.9.9.9, 203.0.113.7');
    expect(await by('203.0.113.8')).to.equal(201);
    expect(new Set(refused)).to.deep.equal(new Set(['203.0.113.7']));
    expect(face.traced.map(({ peer }) => peer)).to.include('203.0.113.8');
  });

  it('one of IPv6 stands in the trace in brackets: a port is none of its address', async () => {
    await open('127.0.0.1');
    expect(await by('2001:db8::7')).to.equal(201);
    expect(face.traced.map(({ peer }) => peer)).to.deep.equal(['[2001:db8::7]', '[2001:db8::7]']);
  });

  it('one that guesses gains nothing by words of his own', async () => {
    await open('127.0.0.1');
    let n = 0;
    await guess(() => `10.0.0.${n++}, 203.0.113.7`);
    expect(new Set(refused)).to.deep.equal(new Set(['203.0.113.7']));
  });

  it('are the proxy as long as it is not trusted', async () => {
    await open('192.0.2.1');
    let n = 0;
    await guess(() => `10.0.0.${n++}`);
    expect(await by('203.0.113.8')).to.equal(429);
    expect(new Set(refused)).to.deep.equal(new Set(['127.0.0.1']));
  });

  it('have each his own turn, though the proxy’s connection has just served another’s chatbot', async () => {
    await open('127.0.0.1');
    const request = (client: string, word: string, more = ''): string =>
      [
        `POST ${messages} HTTP/1.1\r\nHost: gw\r\nX-Forwarded-For: ${client}\r\nAuthorization: Bearer ${word}\r\n`,
        `Content-Type: application/json\r\n${more}Content-Length: ${JSON.stringify(hello).length}\r\n\r\n`,
        JSON.stringify(hello),
      ].join('');
    const friend = request('203.0.113.8', 'key-a');
    const answers = await face.raw(friend + friend + request('203.0.113.7', 'wrong', 'Connection: close\r\n'));
    expect(answers.match(/HTTP\/1.1 \d+/g)).to.deep.equal(['HTTP/1.1 201', 'HTTP/1.1 201', 'HTTP/1.1 401']);
    expect(sources).to.deep.equal(['203.0.113.8', 'sip:weather@botplatform.example.net', '203.0.113.7']);
  });
});
