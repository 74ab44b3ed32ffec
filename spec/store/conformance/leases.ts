/** Leases: one worker at a time, for a time; who lost his lease changes nothing. */
import { expect } from 'chai';
import type { Fixture } from './conformance.js';
import { claimAll, claimOne, enqueue, idsOf, record } from '../harness.js';

export function describeLeases(fixture: Fixture): void {
  describe('leases', () => {
    it('lends a lane to one of many who ask at once', async () => {
      const { store } = fixture;
      await enqueue(store, 'lane', 'a');
      const answers = await Promise.all([claimAll(store), claimAll(store), claimAll(store)]);
      expect(answers.flat()).to.have.length(1);
    });

    it('lends a lane again when the lease is over, and calls those who wait', async () => {
      const { store, clock } = fixture;
      await enqueue(store, 'lane', 'a');
      const first = await claimOne(store, { leaseMs: 1000 });
      await clock.advance(999);
      expect(await claimAll(store)).to.deep.equal([]);
      await clock.advance(1);
      const second = await claimOne(store);
      expect(second.token).to.not.equal(first.token);
      expect(second.items).to.deep.equal(first.items);
    });

    it('calls those who wait for work when a lease is over', async () => {
      const { store, clock } = fixture;
      await enqueue(store, 'lane', 'a');
      await claimOne(store, { leaseMs: 1000 });
      await clock.advance(0);
      const called = new Promise<void>((resolve) => store.onWork('outbound', resolve));
      await clock.advance(60_000);
      await called;
    });

    it('refuses ack, nack and renew of a lease that is over, and their changes', async () => {
      const { store, clock } = fixture;
      await enqueue(store, 'lane', 'a');
      const stale = await claimOne(store, { leaseMs: 1000 });
      await clock.advance(1000);
      const changes = record('k', 1);
      const refuseAll = async (): Promise<void> => {
        expect(await store.ack(stale, { changes })).to.equal(false);
        expect(await store.nack(stale, clock.now(), { changes })).to.equal(false);
        expect(await store.renew(stale, 1000)).to.equal(false);
      };
      await refuseAll();
      const current = await claimOne(store);
      await refuseAll();
      expect(await store.get('message', 'k')).to.equal(undefined);
      expect(current.items[0]!.attempts).to.equal(0);
      expect(await store.ack(current)).to.equal(true);
      await refuseAll();
    });

    it('refuses a token that is guessed', async () => {
      const { store } = fixture;
      await enqueue(store, 'lane', 'a');
      const claim = await claimOne(store);
      expect(await store.ack({ ...claim, token: '' })).to.equal(false);
      expect(await store.nack({ ...claim, lane: 'other' }, 0)).to.equal(false);
      expect(await store.ack({ ...claim, queue: 'notify' })).to.equal(false);
      expect(await store.ack(claim)).to.equal(true);
    });

    it('prolongs a lease from now on', async () => {
      const { store, clock } = fixture;
      await enqueue(store, 'lane', 'a');
      const claim = await claimOne(store, { leaseMs: 1000 });
      await clock.advance(900);
      expect(await store.renew(claim, 1000)).to.equal(true);
      await clock.advance(999);
      expect(await claimAll(store)).to.deep.equal([]);
      expect(await store.ack(claim)).to.equal(true);
    });

    it('lends only what is there: an item that comes later is not acked with the rest', async () => {
      const { store } = fixture;
      await enqueue(store, 'lane', 'a');
      const claim = await claimOne(store);
      await enqueue(store, 'lane', 'b');
      expect(await store.ack(claim)).to.equal(true);
      expect(idsOf(await claimOne(store))).to.deep.equal(['b']);
    });

    it('gives a lane back once, whatever is asked in the same turn', async () => {
      const { store, clock } = fixture;
      await enqueue(store, 'lane', 'a');
      const claim = await claimOne(store);
      const results = await Promise.all([store.nack(claim, clock.now()), store.ack(claim), store.nack(claim, 0)]);
      expect(results).to.deep.equal([true, false, false]);
      expect((await claimOne(store)).items[0]!.attempts).to.equal(1);
    });

    it('and waits keep their length when the clock is put back', async () => {
      const { store, clock } = fixture;
      await enqueue(store, 'waits', 'a');
      await store.nack(await claimOne(store), clock.now() + 5000);
      await enqueue(store, 'leased', 'b');
      const leased = await claimOne(store, { leaseMs: 8000 });
      clock.step(-3_600_000);
      expect(await claimAll(store)).to.deep.equal([]);
      await clock.advance(5000);
      expect((await claimAll(store)).map(idsOf)).to.deep.equal([['a']]);
      expect(await store.renew(leased, 8000)).to.equal(true);
      await clock.advance(8000);
      expect(await store.ack(leased)).to.equal(false);
    });

    it('and new items are not held up by a time that was read before the clock was put back', async () => {
      const { store, clock } = fixture;
      await enqueue(store, 'waits', 'a');
      const claim = await claimOne(store);
      const dueAtMs = clock.now() + 5000;
      const written = enqueue(store, 'new', 'b');
      clock.step(-3_600_000);
      await written;
      await store.nack(claim, dueAtMs);
      expect((await claimAll(store)).map(idsOf)).to.deep.equal([['b']]);
      await clock.advance(5000);
      expect((await claimAll(store)).map(idsOf)).to.deep.equal([['a']]);
    });
  });
}
