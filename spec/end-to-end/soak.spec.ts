import { expect } from 'chai';
import { restartPlan } from '../../scripts/soak/plan.js';
import { soakRun } from '../../scripts/soak/run.js';

/** Short runs; `npm run soak -- 1800` is a long one, with any seed. */
describe('a gateway among faults [IWF-1722]', () => {
  it('has delivered or reported all that it had acknowledged: in order, unaltered, repetitions marked', async () => {
    const { faults, toUser, toBot, struck } = await soakRun(9, 12);
    expect(faults).to.deep.equal([]);
    expect(Math.min(toUser.delivered, toBot.delivered)).to.be.above(5);
    expect(struck).to.include({ kill: 1, 'disk full': 1 });
  }).timeout(300_000);

  it('loses nothing when it is stopped and started again and again under traffic, with chats open', async () => {
    const { faults, toUser, toBot, struck } = await soakRun(3, 8, restartPlan(3, 8));
    expect(faults).to.deep.equal([]);
    expect(Math.min(toUser.delivered, toBot.delivered)).to.be.above(5);
    expect(struck.restart).to.be.above(1);
  }).timeout(300_000);
});
