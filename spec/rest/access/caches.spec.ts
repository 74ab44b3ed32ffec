import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { staticKeys } from '../../../lib/rest/access/authenticate.js';
import { RequestRate } from '../../../lib/rest/access/request-rate.js';
import { allScopes, readScopes, scopeOfPath } from '../../../lib/rest/access/scopes.js';
import { SlowRefusals } from '../../../lib/rest/access/slow-refusals.js';
import { TokenCache } from '../../../lib/rest/access/token-cache.js';
import { FakeClock } from '../../support/fake-clock.js';
import { refusal } from '../../resources/failure.js';

const platform = { id: 'p', serverRoot: 'https://gw.example' };

describe('tokens found good', () => {
  const verified = { platform, scopes: undefined };

  it('are ten thousand at most: the oldest is forgotten, and judged anew', () => {
    const clock = new FakeClock(0);
    const cache = new TokenCache(clock);
    for (let n = 0; n < 10_000; n++) cache.set(`t${n}`, verified, 1_000_000);
    cache.set('t0', verified, 1_000_000);
    expect([cache.get('t0'), cache.get('t1')]).to.deep.equal([verified, verified]);
    cache.set('new', verified, 1_000_000);
    expect([cache.get('t0'), cache.get('t1'), cache.get('new')]).to.deep.equal([verified, undefined, verified]);
  });

  it('are so for a minute, and not beyond their end', async () => {
    const clock = new FakeClock(0);
    const cache = new TokenCache(clock);
    cache.set('long', verified, 1_000_000);
    cache.set('short', verified, 20_000);
    await clock.advance(19_999);
    expect([cache.get('long'), cache.get('short')]).to.deep.equal([verified, verified]);
    await clock.advance(1);
    expect(cache.get('short')).to.equal(undefined);
    await clock.advance(39_999);
    expect(cache.get('long')).to.equal(verified);
    await clock.advance(1);
    expect(cache.get('long')).to.equal(undefined);
  });
});

describe('scopes', () => {
  it('are one for each API', () => {
    expect(allScopes).to.deep.equal([
      ...['oma_rest_chat.all_v1', 'oma_rest_capabilitydiscovery.all_v1', 'oma_rest_notificationchannel.all_v1'],
      ...['oma_rest_spamreport.all_v1', 'oma_rest_aliasmgmt.all_v1'],
    ]);
    expect(scopeOfPath('/aliasmgmt/v1/sip%3Ab/x')).to.equal('oma_rest_aliasmgmt.all_v1');
    expect(allScopes).to.not.include(scopeOfPath('/'));
  });

  it('are read from a text or a list, and from nothing else', () => {
    for (const claim of ['a  b', ['a', 5, '', null, 'b', {}]]) expect([...readScopes(claim)]).to.deep.equal(['a', 'b']);
    for (const claim of [undefined, null, 5, { a: 1 }, true]) expect(readScopes(claim).size).to.equal(0);
  });
});

describe('static keys', () => {
  it('may be configured in either case of their hash', async () => {
    const hash = createHash('sha256').update('key').digest('hex').toUpperCase();
    const way = staticKeys([{ platform, keys: [hash] }]);
    const asked = { headers: { authorization: 'Bearer key' } } as never;
    expect(await way.authenticate(asked)).to.deep.include({ kind: 'known' });
  });
});

describe('the rate of a platform', () => {
  it('is told in the log once for each time that it runs out, and counted for each request', async () => {
    const clock = new FakeClock(0);
    const [told, counted]: string[][] = [[], []];
    const deps = {
      ...{ clock, log: { warn: (event: string) => void told!.push(event) } },
      metrics: { count: (name: string, labels: object) => void counted!.push(`${name} ${JSON.stringify(labels)}`) },
    };
    const rate = new RequestRate(deps as never, () => 4);
    const askTill = (refusals: number): void => {
      for (let seen = 0; seen < refusals;) {
        try {
          rate.take('p');
        } catch {
          seen++;
        }
      }
    };
    askTill(3);
    expect(told).to.have.length(1);
    await clock.advance(250);
    askTill(1);
    expect(told, 'hardly filled').to.have.length(1);
    await clock.advance(1000);
    askTill(2);
    expect(told, 'filled again').to.have.length(2);
    expect(counted).to.deep.equal(Array(6).fill('limit_reached_total {"limit":"limits.requestsPerS"}'));
    expect(refusal(() => rate.take('p'))).to.include({ status: 429, retryAfterS: 1 });
  });
});

describe('refusals held back', () => {
  it('are ten thousand at most: beyond them they are told at once', async () => {
    const clock = new FakeClock(0);
    const refusals = new SlowRefusals(clock);
    let held = 0;
    const socket = { pause: () => held++, resume: () => undefined } as never;
    let told = 0;
    const ask = () => void refusals.due('a', { socket }).then(() => told++);
    for (let n = 0; n < 20 + 10_000; n++) ask();
    await clock.advance(0);
    expect([told, held]).to.deep.equal([20, 10_000]);
    for (let n = 0; n < 5; n++) ask();
    await clock.advance(0);
    expect([told, held]).to.deep.equal([25, 10_000]);
  });

  it('are counted anew each second', async () => {
    const clock = new FakeClock(0);
    const refusals = new SlowRefusals(clock);
    const socket = { pause: () => undefined, resume: () => undefined } as never;
    const prompt = async () => {
      let told = 0;
      for (let n = 0; n < 30; n++) void refusals.due('a', { socket }).then(() => told++);
      await clock.advance(0);
      return told;
    };
    expect(await prompt()).to.equal(20);
    await clock.advance(999);
    expect(await prompt()).to.equal(0);
    await clock.advance(1);
    expect(await prompt()).to.equal(20);
    await clock.advance(500);
    expect(await prompt(), 'within the second that began then').to.equal(0);
    await clock.advance(500);
    expect(await prompt()).to.equal(20);
  });
});
