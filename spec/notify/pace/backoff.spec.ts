import { expect } from 'chai';
import fc from 'fast-check';
import { backoffMs } from '../../../lib/notify/pace/backoff.js';

const policy = { baseMs: 1_000, factor: 2, maxMs: 900_000, jitter: 0.2 };

describe('backoff of callbacks', () => {
  it('begins at one second and doubles up to the cap', () => {
    const waits = [1, 2, 3, 4, 10, 11, 12, 5_000].map((attempts) => backoffMs(policy, attempts, 0));
    expect(waits).to.deep.equal([1_000, 2_000, 4_000, 8_000, 512_000, 900_000, 900_000, 900_000]);
  });

  it('is shortened by chance, by the share that the policy names', () => {
    expect(backoffMs(policy, 1, 0.5)).to.equal(900);
    expect(backoffMs({ ...policy, jitter: 0 }, 1, 0.999)).to.equal(1_000);
  });

  it('stays between (1 - jitter) of the full wait and the cap, whatever the number of attempts', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1_000_000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (attempts, random) => {
          const wait = backoffMs(policy, attempts, random);
          expect(wait).to.be.within(800, 900_000);
          expect(wait).to.be.at.most(backoffMs(policy, attempts, 0));
        },
      ),
    );
  });

  it('never waits less after one failure more, chance apart', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), (attempts) => {
        expect(backoffMs(policy, attempts + 1, 0)).to.be.at.least(backoffMs(policy, attempts, 0));
      }),
    );
  });
});
