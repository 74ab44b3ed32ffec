import { expect } from 'chai';
import { soakPlan } from '../../../scripts/soak/plan.js';
import { soakRun } from '../../../scripts/soak/run.js';

const [seed, seconds] = [9, 12];

/** A short run; `npm run soak -- 1800` is a long one, with any seed, `npm run soak -- 60 3 1 restarts` stops and starts it again and again. */
describe('a gateway among faults [IWF-1722]', () => {
  it('has delivered or reported all that it had acknowledged: in order, unaltered, repetitions marked', async () => {
    const plan = soakPlan(seed, seconds);
    // Half of the users: of each way and each bot, as many as suffer every fault.
    const talks = plan.talks.filter((_, index) => index % 6 < 3);
    const { faults, toUser, toBot, struck } = await soakRun(seed, seconds, { ...plan, talks });
    expect(faults).to.deep.equal([]);
    expect(Math.min(toUser.delivered, toBot.delivered)).to.be.above(5);
    expect(struck).to.include({ kill: 1, 'disk full': 1 });
  }).timeout(300_000);
});
