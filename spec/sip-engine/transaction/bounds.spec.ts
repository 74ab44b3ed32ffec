import { expect } from 'chai';
import { parseMessage } from '../../../lib/sip-engine/message/parse.js';
import { DEFAULT_LIMITS } from '../../../lib/sip-engine/options.js';
import { Finished, type FinishedEntry } from '../../../lib/sip-engine/transaction/finished.js';
import { serverKey } from '../../../lib/sip-engine/transaction/inbound-request.js';
import { systemClock, Timers } from '../../../lib/sip-engine/transaction/timers.js';
import { FakeClock } from '../../support/fake-clock.js';

describe('Finished server transactions', () => {
  function kept(limits: { max: number; maxBytes: number }) {
    const told: string[] = [];
    const finished = new Finished(limits, () => void told.push('full'));
    const add = (name: string, bytes = 1): FinishedEntry => {
      const added: FinishedEntry[] = [];
      const evict = () => {
        told.push(name);
        added.forEach((entry) => finished.remove(entry));
      };
      added.push(finished.add(bytes, evict));
      return added[0]!;
    };
    return { finished, told, add };
  }

  it('are so many at most: beyond it the oldest are forgotten, in their order', () => {
    const { finished, told, add } = kept({ max: 3, maxBytes: 100 });
    for (const name of ['a', 'b', 'c']) add(name);
    expect([finished.size, told]).to.deep.equal([3, []]);
    add('d');
    add('e');
    expect([finished.size, told]).to.deep.equal([3, ['full', 'a', 'full', 'b']]);
  });

  it('hold so many octets at most', () => {
    const { finished, told, add } = kept({ max: 100, maxBytes: 10 });
    add('a', 4);
    add('b', 6);
    expect(told).to.deep.equal([]);
    add('c', 5);
    expect([finished.size, told]).to.deep.equal([1, ['full', 'a', 'full', 'b']]);
    add('d', 11);
    expect([finished.size, told.slice(4)]).to.deep.equal([0, ['full', 'c', 'full', 'd']]);
  });

  it('go one by one from wherever they stand, and give their room back once', () => {
    const { finished, told, add } = kept({ max: 4, maxBytes: 100 });
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => add(name, 25));
    for (const one of [b!, b!, d!, a!, a!]) finished.remove(one);
    expect(finished.size).to.equal(1);
    for (const name of ['e', 'f', 'g']) add(name, 25);
    expect(told).to.deep.equal([]);
    add('h', 25);
    expect([finished.size, told]).to.deep.equal([4, ['full', 'c']]);
    finished.remove(c!);
    expect(finished.size).to.equal(4);
  });
});

describe('The key of a server transaction (RFC 3261 §17.2.3)', () => {
  function key(change: (text: string) => string = (text) => text, method = 'INVITE'): string {
    const lines = [
      ...['INVITE sip:bot@h SIP/2.0', 'Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa', 'From: <tel:+1>;tag=f'],
      ...['To: <sip:bot@h>', 'Call-ID: c1', 'CSeq: 7 INVITE', 'Content-Length: 0', '', ''],
    ];
    const { message, routing } = parseMessage(Buffer.from(change(lines.join('\r\n'))), DEFAULT_LIMITS, true);
    return serverKey(message, routing, method);
  }
  const with_ = (from: string, to: string) => (text: string) => text.replace(from, to);

  it('is branch, sent-by and method', () => {
    expect(key(with_('Call-ID: c1', 'Call-ID: c2'))).to.equal(key());
    expect(key(with_('branch=z9hG4bKa', 'branch=z9hG4bKb'))).to.not.equal(key());
    expect(key(with_('192.0.2.1', '192.0.2.2'))).to.not.equal(key());
    expect(key(undefined, 'CANCEL')).to.not.equal(key());
  });

  for (const branch of ['', ';branch=z9hG4bK', ';branch=old'])
    it(`of a client with "${branch}" is what its messages say`, () => {
      const old = (from = '', to = '') => key((text) => text.replace(';branch=z9hG4bKa', branch).replace(from, to));
      expect(old('Content-Length: 0', 'Subject: again\r\nContent-Length: 0')).to.equal(old());
      for (const [from, to] of [
        ['Call-ID: c1', 'Call-ID: c2'],
        ['tag=f', 'tag=g'],
        ['CSeq: 7', 'CSeq: 8'],
        ['UDP 192.0.2.1', 'UDP 192.0.2.2'],
        ['sip:bot@h SIP', 'sip:other@h SIP'],
      ])
        expect(old(from, to), to).to.not.equal(old());
    });
});

describe('Timers of any length', () => {
  it('wait for longer than Node can, and not for a millisecond instead', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error) => void warnings.push(warning);
    process.on('warning', note);
    for (const ms of [2 ** 31 - 1, 2 ** 31, 999_999_999_000]) systemClock.after(ms, () => undefined).close();
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', note);
    expect(warnings).to.deep.equal([]);
  });

  it('of a length that a peer has chosen leave nothing behind', () => {
    const clock = new FakeClock(0);
    const timers = new Timers(clock);
    for (let ms = 61_000; ms < 62_000; ms++) timers.after(ms, () => undefined).close();
    expect(clock.pending).to.equal(0);
  });

  it('go off no more once one of them has closed them all', async () => {
    const clock = new FakeClock(0);
    const timers = new Timers(clock);
    timers.after(100, () => timers.close());
    await clock.advance(50);
    timers.after(100, () => expect.fail('goes off'));
    await clock.advance(1000);
    expect(clock.pending).to.equal(0);
  });
});
