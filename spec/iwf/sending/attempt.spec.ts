import { expect } from 'chai';
import { attemptByMsrp, attemptBySip } from '../../../lib/iwf/sending/attempt.js';
import { readFeatureTags } from '../../../lib/wire/feature-tags.js';

const tags = readFeatureTags([]);
const bySip = (status: number, retryAfterS?: number) =>
  attemptBySip({ status, reason: 'Why', tags, ...(retryAfterS === undefined ? {} : { retryAfterS }) });

describe('what became of an attempt', () => {
  const rows: readonly (readonly [status: number, attempt: object])[] = [
    [202, { kind: 'sent', description: 'SIP 202 Why' }],
    [404, { kind: 'definite', description: 'SIP 404 Why' }],
    [488, { kind: 'mismatch', description: 'SIP 488 Why' }],
    [480, { kind: 'again', description: 'SIP 480 Why' }],
    [422, { kind: 'again', description: 'SIP 422 Why' }],
    [500, { kind: 'again', description: 'SIP 500 Why', maxAttempts: 3 }],
  ];
  for (const [status, attempt] of rows)
    it(`SIP ${status}: ${JSON.stringify(attempt)}`, () => expect(bySip(status)).to.deep.equal(attempt));

  for (const status of [480, 422, 500, 503])
    it(`SIP ${status} with Retry-After: again exactly then; 0 is no wait, the backoff is [IWF-1322]`, () => {
      expect(bySip(status, 7)).to.include({ kind: 'again', afterMs: 7000 });
      expect(bySip(status, 0))
        .to.deep.equal(bySip(status))
        .and.include({ kind: 'again' })
        .and.not.have.property('afterMs');
    });

  it('SIP 481 and 491: again after 2.1 to 4 seconds, at another time each (RFC 3261 §14.1)', () => {
    for (const status of [481, 491]) {
      const times = Array.from({ length: 200 }, () => (bySip(status) as { afterMs: number }).afterMs);
      for (const ms of times) expect(ms).to.be.within(2100, 4000);
      expect(new Set(times).size).to.be.above(20);
      expect(Math.max(...times) - Math.min(...times)).to.be.above(1000);
    }
  });

  it('MSRP: accepted, lost, and refused by its status', () => {
    expect(attemptByMsrp({ kind: 'accepted' })).to.deep.equal({ kind: 'sent' });
    expect(attemptByMsrp({ kind: 'lost' })).to.deep.equal({ kind: 'again', description: 'MSRP session lost' });
    expect(attemptByMsrp({ kind: 'refused', status: 413, comment: 'Too big' } as never)).to.deep.equal({
      kind: 'definite',
      description: 'MSRP 413 Too big',
    });
    expect(attemptByMsrp({ kind: 'refused', status: 481, comment: undefined } as never)).to.deep.equal({
      kind: 'again',
      description: 'MSRP 481',
    });
  });
});
