import { expect } from 'chai';
import { soakRun } from '../../scripts/soak/run.js';

/** A short run; `npm run soak -- 1800` is a long one, with any seed, `npm run soak -- 60 3 1 restarts` stops and starts it again and again. */
describe('a gateway among faults [IWF-1722]', () => {
  it('has delivered or reported all that it had acknowledged: in order, unaltered, repetitions marked', async () => {
    const { faults, toUser, toBot, struck } = await soakRun(9, 12);
    expect(faults).to.deep.equal([]);
    expect(Math.min(toUser.delivered, toBot.delivered)).to.be.above(5);
    expect(struck).to.include({ kill: 1, 'disk full': 1 });
  }).timeout(300_000);
});
