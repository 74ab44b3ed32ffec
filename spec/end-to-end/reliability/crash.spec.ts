import { expect } from 'chai';
import { planOf } from '../../../scripts/crash/plan.js';
import { crashRun } from '../../../scripts/crash/run.js';

describe('a gateway that is killed in the midst of 500 messages each way [IWF-1701]', () => {
  // Two moments that differ: mostly accepting, and mostly delivering. `scripts/crash/main.ts` takes twenty random ones.
  const kills = [
    { after: 80, delayMs: 4 },
    { after: 900, delayMs: 0 },
  ];

  it('loses, alters and reorders nothing that it had acknowledged, and killed once more nothing either', async () => {
    const { faults, acknowledgedAtKill } = await crashRun({ ...planOf(2, 500), kills });
    expect(faults).to.deep.equal([]);
    expect(acknowledgedAtKill).to.have.length(2);
  }).timeout(120_000);
});
