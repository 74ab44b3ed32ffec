import { expect } from 'chai';
import { planOf } from '../../scripts/crash/plan.js';
import { crashRun } from '../../scripts/crash/run.js';

describe('a gateway that is killed in the midst of 500 messages each way [IWF-1701]', () => {
  // Two moments that differ: mostly accepting, and mostly delivering. `scripts/crash/main.ts` takes random ones.
  for (const seed of [2, 15]) {
    it(`loses, alters and reorders nothing that it had acknowledged (seed ${seed})`, async () => {
      const { faults } = await crashRun(planOf(seed, 500));
      expect(faults).to.deep.equal([]);
    }).timeout(120_000);
  }
});
