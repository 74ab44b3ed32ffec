import { expect } from 'chai';
import { FakeClock } from '../../support/fake-clock.js';
import { Ringing } from '../../../lib/iwf/sessions/ringing.js';

describe('INVITEs of ours that are on their way', () => {
  const rings = (cancel: AbortSignal): Promise<string> =>
    new Promise((resolve) => {
      if (cancel.aborted) resolve('cancelled');
      cancel.addEventListener('abort', () => resolve('cancelled'));
    });

  const clock = new FakeClock();

  it('are cancelled each by who has asked for it, all of them at the end, and so is what comes after', async () => {
    const ringing = new Ringing(clock);
    const asked = new AbortController();
    const [first, second] = [ringing.during({ signal: asked.signal }, rings), ringing.during({}, rings)];
    asked.abort();
    expect(await first).to.equal('cancelled');
    ringing.cancelAll();
    expect(await second).to.equal('cancelled');
    expect(await ringing.during({}, rings)).to.equal('cancelled');
  });

  it('of one who has given up before are cancelled at once', async () => {
    expect(await new Ringing(clock).during({ signal: AbortSignal.abort() }, rings)).to.equal('cancelled');
  });

  it('are cancelled when their Expires is over [IWF-1349], and no timer stays of one that is answered', async () => {
    const ringing = new Ringing(clock);
    let over = false;
    const first = ringing.during({ expiry: { seconds: 3, fromMs: clock.now() - 1000 } }, rings);
    void first.then(() => (over = true));
    await clock.advance(1999);
    expect(over).to.equal(false);
    await clock.advance(1);
    expect(await first).to.equal('cancelled');
    const answered = await ringing.during({ expiry: { seconds: 3, fromMs: clock.now() } }, () => Promise.resolve('ok'));
    expect([answered, clock.pending]).to.deep.equal(['ok', 0]);
  });
});
