/** A restart: what was durable is there, in order, with its attempts and due times; leases of the predecessor are taken over. */
import { expect } from 'chai';
import type { Store } from '../../../lib/store/store.js';
import type { Fixture } from './conformance.js';
import { claimAll, claimOne, enqueue, idsOf, record } from '../harness.js';

export function describeRestart(fixture: Fixture): void {
  describe('restart', () => {
    beforeEach(function () {
      if (!fixture.store.durable) this.skip();
    });

    async function restart(): Promise<Store> {
      await fixture.store.close();
      fixture.store = await fixture.backend.open(fixture.clock);
      return fixture.store;
    }

    it('finds records with their revision and what is left of their time', async () => {
      await fixture.store.commit(record('k', 'v', { ttlMs: 1000 }));
      await fixture.store.commit(record('k', 'w', { ttlMs: 1000 }));
      const store = await restart();
      expect(await store.get('message', 'k')).to.deep.equal({ key: 'k', value: 'w', revision: 2 });
      await fixture.clock.advance(1000);
      expect(await store.get('message', 'k')).to.equal(undefined);
    });

    it('finds items in order, with their attempts, their time and their depth', async () => {
      const { store, clock } = fixture;
      await enqueue(store, 'lane', 'a', 'b');
      const before = (await claimOne(store, { perLane: 1 })).items;
      await clock.advance(10_000);
      await store.nack(await claimOne(store), clock.now());
      const again = await restart();
      expect(await again.depth('outbound')).to.equal(2);
      const claim = await claimOne(again);
      expect(claim.items[0]).to.deep.equal({ ...before[0]!, attempts: 1 });
      expect(idsOf(claim)).to.deep.equal(['a', 'b']);
      await enqueue(again, 'lane', 'c');
      await again.ack(claim);
      expect(idsOf(await claimOne(again))).to.deep.equal(['c']);
    });

    it('still holds back a lane that was given back, also when its head was withdrawn', async () => {
      const { store, clock } = fixture;
      await enqueue(store, 'lane', 'a', 'b');
      await enqueue(store, 'hastened', 'c');
      for (const claim of await claimAll(store)) await store.nack(claim, clock.now() + 5000);
      await store.withdraw('outbound', 'a');
      await store.hasten('outbound', 'hastened');
      const again = await restart();
      expect((await claimAll(again)).map(idsOf)).to.deep.equal([['c']]);
      expect(await again.nextDueMs('outbound')).to.equal(clock.now() + 5000);
    });

    it('waits no longer where the clock was put back meanwhile', async () => {
      const { store, clock } = fixture;
      await enqueue(store, 'lane', 'a');
      await store.nack(await claimOne(store), clock.now() + 5000);
      clock.step(-3_600_000);
      const again = await restart();
      await clock.advance(5000);
      expect(idsOf(await claimOne(again))).to.deep.equal(['a']);
    });
  });
}
