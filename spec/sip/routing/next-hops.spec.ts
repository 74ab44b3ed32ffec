import { expect } from 'chai';
import type { HeaderLine, SipResponse } from '../../../lib/sip/agent.js';
import { headerList } from '../../../lib/sip/header-list.js';
import { hopFailed, NextHops } from '../../../lib/sip/routing/next-hops.js';
import { FakeClock } from '../../support/fake-clock.js';
import { silentLog, silentMetrics } from '../../support/silent.js';

const copied: readonly HeaderLine[] = [
  ['Via', 'SIP/2.0/TCP 127.0.0.1;branch=z9hG4bK1'],
  ['From', '<sip:a@b>;tag=1'],
  ['Call-ID', 'c'],
  ['CSeq', '1 OPTIONS'],
];

function response(status: number, lines: readonly HeaderLine[] = [['Server', 'x']]): SipResponse {
  return { status, reason: '', headers: headerList([...copied, ...lines]), body: Buffer.alloc(0) };
}

const madeUp = (status: number): SipResponse => response(status, []);

describe('next hops', () => {
  let clock: FakeClock;
  let answers: Map<string, SipResponse>;
  let asked: string[];

  beforeEach(() => {
    clock = new FakeClock();
    answers = new Map();
    asked = [];
  });

  function watch(intervalMs = 30_000): NextHops {
    return new NextHops({
      hops: ['a', 'b'],
      probe: (hop, signal) => {
        asked.push(hop);
        const answer = answers.get(hop);
        if (answer) return Promise.resolve(answer);
        return new Promise((resolve) => signal.addEventListener('abort', () => resolve(madeUp(408))));
      },
      clock,
      log: silentLog,
      metrics: silentMetrics,
      intervalMs,
      timeoutMs: 5000,
    });
  }

  it('are asked at once and then at their interval; any answer but 503 is one', async () => {
    answers.set('a', response(404)).set('b', response(200));
    const hops = watch();
    hops.start();
    await clock.advance(30_001);
    expect(asked).to.deep.equal(['a', 'b', 'a', 'b']);
    expect(hops.states().every(({ up }) => up)).to.equal(true);
    hops.close();
    expect(clock.pending).to.equal(0);
  });

  it('are down without an answer in time, and asked more often then', async () => {
    answers.set('b', response(200));
    const hops = watch();
    hops.start();
    await clock.advance(5000);
    expect(hops.states()).to.deep.equal([
      { hop: 'a', up: false },
      { hop: 'b', up: true },
    ]);
    expect(hops.order(['a', 'b'])).to.deep.equal(['b', 'a']);
    answers.set('a', response(200));
    await clock.advance(5000);
    expect(hops.order(['a', 'b'])).to.deep.equal(['a', 'b']);
    hops.close();
  });

  it('are left in their order where all are down', async () => {
    const hops = watch();
    hops.start();
    await clock.advance(5000);
    expect(hops.order(['a', 'b'])).to.deep.equal(['a', 'b']);
    hops.close();
  });

  it('are spared until their Retry-After is over, five minutes at most', async () => {
    answers.set('a', response(200));
    const hops = watch();
    hops.note('a', response(503, [['Retry-After', '86400 (busy)']]));
    await clock.advance(299_999);
    expect(hops.order(['a', 'b'])).to.deep.equal(['b', 'a']);
    await clock.advance(1);
    expect(hops.order(['a', 'b'])).to.deep.equal(['a', 'b']);
    hops.close();
  });

  it('are not spared for an hour because the clock was put back', async () => {
    answers.set('a', response(200));
    const hops = watch();
    hops.note('a', response(503, [['Retry-After', '2']]));
    clock.step(-3_600_000);
    expect(hops.order(['a', 'b'])).to.deep.equal(['a', 'b']);
    await clock.advance(1);
    hops.close();
  });

  it('are never given up where nobody asks them, but spared for five seconds', async () => {
    const hops = watch(0);
    hops.start();
    hops.note('a', madeUp(503));
    expect(hops.order(['a', 'b'])).to.deep.equal(['b', 'a']);
    await clock.advance(5000);
    expect(hops.order(['a', 'b'])).to.deep.equal(['a', 'b']);
    expect(asked).to.deep.equal([]);
  });

  it('are not judged by a 408 about the user', () => {
    expect(hopFailed(response(408))).to.equal(false);
    expect(hopFailed(madeUp(408))).to.equal(true);
    expect(hopFailed(response(503))).to.equal(true);
    expect(hopFailed(response(500))).to.equal(false);
  });
});
