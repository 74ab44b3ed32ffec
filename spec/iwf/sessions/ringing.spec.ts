import { expect } from 'chai';
import { Ringing } from '../../../lib/iwf/sessions/ringing.js';

describe('INVITEs of ours that are on their way', () => {
  const rings = (cancel: AbortSignal): Promise<string> =>
    new Promise((resolve) => {
      if (cancel.aborted) resolve('cancelled');
      cancel.addEventListener('abort', () => resolve('cancelled'));
    });

  it('are cancelled each by who has asked for it, all of them at the end, and so is what comes after', async () => {
    const ringing = new Ringing();
    const asked = new AbortController();
    const [first, second] = [ringing.during(asked.signal, rings), ringing.during(undefined, rings)];
    asked.abort();
    expect(await first).to.equal('cancelled');
    ringing.cancelAll();
    expect(await second).to.equal('cancelled');
    expect(await ringing.during(undefined, rings)).to.equal('cancelled');
  });

  it('of one who has given up before are cancelled at once', async () => {
    expect(await new Ringing().during(AbortSignal.abort(), rings)).to.equal('cancelled');
  });
});
