/** Readiness for who waits less than /readyz does. */
import { expect } from 'chai';
import { readiness } from '../../../lib/rest/admin/readiness.js';
import { FakeClock } from '../../support/fake-clock.js';

describe('readiness', () => {
  it('is told within the time that is given, a check that hangs being one that fails', async () => {
    const clock = new FakeClock();
    const hung = { name: 'store', check: () => new Promise<never>(() => undefined) };
    let told: string | undefined;
    void readiness([hung], clock, 900).then(({ status }) => (told = status));
    await clock.advance(899);
    expect(told).to.equal(undefined);
    await clock.advance(1);
    expect(told).to.equal('not ready');
    expect(clock.pending).to.equal(0);
  });
});
