import { expect } from 'chai';
import fc from 'fast-check';
import { outcomeOf, retryAfterMs, type Outcome } from '../../../lib/notify/callback/outcome.js';

const nowMs = Date.UTC(2026, 10, 22, 10, 0, 0);
const answered = (status: number, retryAfter?: string): Outcome =>
  outcomeOf({ kind: 'answered', status, ...(retryAfter === undefined ? {} : { retryAfter }) }, nowMs);

describe('what an answer to a callback means', () => {
  const table: [number, Outcome['kind']][] = [
    [200, 'done'],
    [202, 'done'],
    [204, 'done'],
    [299, 'done'],
    [301, 'retry'],
    [307, 'retry'],
    [400, 'dead'],
    [401, 'dead'],
    [404, 'dead'],
    [408, 'retry'],
    [409, 'dead'],
    [410, 'gone'],
    [413, 'dead'],
    [425, 'retry'],
    [429, 'slow'],
    [499, 'dead'],
    [500, 'retry'],
    [503, 'retry'],
    [599, 'retry'],
  ];
  for (const [status, kind] of table) {
    it(`${status}: ${kind}`, () => expect(answered(status).kind).to.equal(kind));
  }

  it('a timeout, a broken connection and a forbidden address are tried again', () => {
    expect(outcomeOf({ kind: 'failed', reason: 'timeout' }, nowMs)).to.deep.equal({ kind: 'retry', afterMs: 0 });
    expect(outcomeOf({ kind: 'failed', reason: 'connection' }, nowMs)).to.deep.equal({ kind: 'retry', afterMs: 0 });
    expect(outcomeOf({ kind: 'forbidden' }, nowMs)).to.deep.equal({ kind: 'retry', afterMs: 0 });
  });

  it('reads Retry-After in seconds and as a date', () => {
    expect(answered(429, '7')).to.deep.equal({ kind: 'slow', afterMs: 7_000 });
    expect(answered(503, 'Sun, 22 Nov 2026 10:01:00 GMT')).to.deep.equal({ kind: 'retry', afterMs: 60_000 });
  });

  it('takes a malformed or past Retry-After for none', () => {
    for (const text of ['-1', '1.5', 'soon', '', '1e9', 'Sat, 21 Nov 2026 10:01:00 GMT', '9'.repeat(1_000)]) {
      expect(retryAfterMs(text, nowMs), text).to.equal(0);
    }
  });

  it('is one of the five outcomes for every status, and only 2xx is done', () => {
    fc.assert(
      fc.property(fc.integer({ min: 200, max: 599 }), (status) => {
        const { kind } = answered(status);
        expect(kind === 'done').to.equal(status < 300);
        expect(['done', 'retry', 'slow', 'gone', 'dead']).to.include(kind);
      }),
    );
  });

  it('never throws on a hostile Retry-After, and never waits a negative time', () => {
    fc.assert(fc.property(fc.string(), (text) => retryAfterMs(text, nowMs) >= 0));
  });
});
