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

  it('reads all three forms of a date (RFC 9110 §5.6.7), wherever the gateway stands', () => {
    const before = process.env['TZ'];
    process.env['TZ'] = 'America/New_York';
    try {
      for (const date of [
        'Sun, 22 Nov 2026 10:01:00 GMT',
        'Sunday, 22-Nov-26 10:01:00 GMT',
        'Sun Nov 22 10:01:00 2026',
      ])
        expect(retryAfterMs(date, nowMs), date).to.equal(60_000);
      expect(retryAfterMs('Sun Nov  1 10:00:00 2026', nowMs - 22 * 86_400_000)).to.equal(86_400_000);
      // Two digits: 50 years ahead at most, else the past.
      expect(retryAfterMs('Sunday, 22-Nov-76 10:00:00 GMT', nowMs)).to.equal(Date.UTC(2076, 10, 22, 10) - nowMs);
      expect(retryAfterMs('Tuesday, 22-Nov-77 10:00:00 GMT', nowMs)).to.equal(0);
    } finally {
      if (before === undefined) delete process.env['TZ'];
      else process.env['TZ'] = before;
    }
  });

  it('takes a malformed or past Retry-After for none', () => {
    for (const text of [
      '-1',
      '1.5',
      'soon',
      '',
      '1e9',
      'Sat, 21 Nov 2026 10:01:00 GMT',
      'Sun Nov 22 2026',
      '22-Nov-26',
      '9'.repeat(1_000),
    ]) {
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
