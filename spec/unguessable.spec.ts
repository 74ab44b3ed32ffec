/** Ids that are keys to something cannot be guessed, and keys are compared so that the time tells nothing of them. */
import { expect } from 'chai';
import { createHash, randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { randomId } from '../lib/gateway/random-id.js';
import { createMsrpEndpoint } from '../lib/msrp/endpoint.js';
import { defaultMsrpOptions } from '../lib/msrp/options.js';
import { staticKeys } from '../lib/rest/access/authenticate.js';
import { newToken } from '../lib/sip-engine/message/token.js';
import { comparisonsOf } from './support/comparisons.js';
import { FakeClock } from './support/fake-clock.js';
import { silentLog, silentMetrics } from './support/silent.js';

const lib = fileURLToPath(new URL('../../lib/', import.meta.url));
const sources = readdirSync(lib, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => ({ file, text: readFileSync(lib + file, 'utf8') }));
const filesWith = (pattern: RegExp): readonly string[] =>
  sources.filter(({ text }) => pattern.test(text)).map(({ file }) => file);

describe('ids [IWF-1627]', () => {
  const count = 10_000;
  const made = (make: () => string): readonly string[] => Array.from({ length: count }, make);

  const makers: readonly (readonly [what: string, bits: number, ids: () => readonly string[]])[] = [
    ['of MSRP sessions and their paths', 128, () => made(randomId)],
    ['of subscriptions, channels, messages and confirmed sessions (RFC 9562 §5.4)', 122, () => made(randomUUID)],
    // A dialog has three of them: Call-ID and two tags (RFC 3261 §19.3 wants 32 bits of each).
    ['of SIP dialogs', 192, () => made(() => newToken() + newToken() + newToken())],
  ];
  for (const [what, bits, ids] of makers) {
    it(`${what} have ${bits} random bits, and no two are the same`, () => {
      const all = ids();
      expect(new Set(all).size).to.equal(count);
      expect(bitsOf(all)).to.be.within(bits, bits + 0.01);
    });
  }

  it('stand in the MSRP path, and nothing else of it has to be known', () => {
    const deps = { clock: new FakeClock(), metrics: silentMetrics, log: silentLog, randomId };
    const endpoint = createMsrpEndpoint(defaultMsrpOptions, deps);
    const delegate = { onMessage: () => Promise.resolve(undefined), onClosed: () => undefined };
    const sessions = [1, 2].map(() => endpoint.createSession({ acceptTypes: ['*'], delegate }));
    expect(sessions.map(({ localPath, id }) => localPath === `msrp://127.0.0.1:2855/${id};tcp`)).to.deep.equal([
      true,
      true,
    ]);
    expect(sessions[0]?.id)
      .to.match(/^[0-9a-f]{32}$/)
      .and.not.to.equal(sessions[1]?.id);
  });

  it('never come from Math.random, which decides waits and lots alone', () => {
    expect(filesWith(/Math\.random/)).to.have.members([
      'gateway/interpreter.ts', // backoff
      'iwf/sending/attempt.ts',
      'notify/notify.ts',
      'sip/chat/session-refresh.ts', // RFC 3261 §14.1
      'sip-engine/dialog/inbound-dialogs.ts', // RFC 3261 §14.2
      'sip-engine/transport/resolve.ts', // RFC 2782
    ]);
  });
});

describe('keys [IWF-1627]', () => {
  const key = 'a-key-of-the-spec';
  const way = staticKeys([{ platform: { id: 'p', serverRoot: 'http://a' }, keys: [hashOf(key)] }]);
  const judged = async (given: string): Promise<string> => {
    const request = new IncomingMessage(new Socket());
    request.headers.authorization = `Bearer ${given}`;
    return (await way.authenticate(request)).kind;
  };

  it('are right as a whole alone: no beginning, no end, no neighbour, not their hash', async () => {
    expect(await judged(key)).to.equal('known');
    const near = Array.from(key, (letter, at) => [
      key.slice(0, at),
      key.slice(at + 1),
      `${key.slice(0, at)}${letter === '-' ? '_' : letter.toUpperCase()}${key.slice(at + 1)}`,
    ]).flat();
    for (const wrong of [...near, `${key}x`, `x${key}`, key + key, hashOf(key), 'x'.repeat(8_000)])
      expect(await judged(wrong), wrong.slice(0, 80)).to.be.oneOf(['refused', 'absent']);
  });

  it('are compared as hashes of one length, in constant time, wherever there are any', () => {
    expect(filesWith(/timingSafeEqual\(/)).to.have.members([
      'rest/admin/admin.ts',
      'rest/access/authenticate.ts',
      'rest/access/token-endpoint.ts',
      'sip-engine/drachtio/session.ts',
    ]);
  });

  it('are compared in no other way: what is told apart otherwise is none, or a hash of one', () => {
    const judging = sources.filter(({ file }) => /^rest\/(access\/|authenticate|admin)|drachtio-session/.test(file));
    const found = judging.flatMap(({ file, text }) =>
      comparisonsOf(text, secretNames).map((comparison) => `${file}: ${comparison}`),
    );
    expect(found).to.have.members(comparedOtherwise.map(([comparison]) => comparison));
  });

  it('are seen by that check however they are compared', () => {
    for (const text of [
      'key === wanted',
      'a.secret !== b',
      'keys.includes(given)',
      'hash.equals(wanted)',
      'm.get(token)',
    ])
      expect(comparisonsOf(text, secretNames), text).to.have.length(1);
    for (const text of [
      'key === undefined',
      "token === ''",
      'hash.length === wanted.length',
      'timingSafeEqual(key, hash)',
    ])
      expect(comparisonsOf(text, secretNames), text).to.deep.equal([]);
  });
});

const secretNames = /key|secret|hash|token|credential|password|fingerprint|given|wanted|digest|expected/i;

/** Each with the reason why its time tells nothing that helps a guesser. */
const comparedOtherwise = [
  [
    'rest/access/authenticate.ts: byPrefix.get(prefixOf(hash))',
    'four octets of a hash: the key cannot be made from them',
  ],
  ['rest/access/authenticate.ts: kept.get(prefixOf(hash))', 'at the start, of what the configuration has'],
  [
    "rest/access/client-certificates.ts: byFingerprint.get(fingerprint256.replaceAll(':', '').toLowerCase())",
    'of a public certificate, whose key the handshake has proven',
  ],
  ['rest/access/failed-attempts.ts: this.sources.get(key)', 'an address'],
  ['rest/access/token-cache.ts: this.entries.get(keyOf(token))', 'SHA-256 of a token that was found good before'],
  ['rest/access/token-endpoint.ts: id === credential.id', 'the public name of a platform'],
  ['rest/access/tokens.ts: cache.get(token)', 'the cache above'],
] as const;

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Of symbols that are equally frequent at their place: the sum over all places. Fails where they are not. */
function bitsOf(ids: readonly string[]): number {
  let bits = 0;
  for (let place = 0; place < (ids[0]?.length ?? 0); place++) {
    const counts = new Map<string, number>();
    for (const id of ids) counts.set(id.charAt(place), (counts.get(id.charAt(place)) ?? 0) + 1);
    const mean = ids.length / counts.size;
    // Seven standard deviations: once in a lifetime of the universe by chance.
    for (const one of counts.values()) expect(Math.abs(one - mean)).to.be.below(7 * Math.sqrt(mean) + 1);
    bits += Math.log2(counts.size);
  }
  return bits;
}
