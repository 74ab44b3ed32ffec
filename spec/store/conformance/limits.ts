/** Limits: what is too much is refused whole, and room that is made is room. */
import { expect } from 'chai';
import { StoreError } from '../../../lib/store/store-error.js';
import type { Json, Store } from '../../../lib/store/store.js';
import type { StoreLimits } from '../../../lib/store/limits.js';
import type { Fixture } from './conformance.js';
import { claimOne, enqueue, item, record, rejection } from '../harness.js';

export function describeLimits(fixture: Fixture): void {
  describe('limits', () => {
    async function reopen(limits: Partial<StoreLimits>): Promise<Store> {
      await fixture.store.close();
      fixture.store = await fixture.backend.open(fixture.clock, limits);
      return fixture.store;
    }

    async function refusal(promise: Promise<unknown>): Promise<string> {
      const error = await rejection(promise);
      expect(error).to.be.instanceOf(StoreError);
      return error instanceof StoreError ? error.reason : '';
    }

    it('refuses an item more than a queue holds, until one is acked', async () => {
      const store = await reopen({ maxItems: 3 });
      await enqueue(store, 'lane', 'a', 'b');
      expect(await refusal(store.commit({ ...record('k', 1), enqueue: [item('x', 'c'), item('x', 'd')] }))).to.equal(
        'full',
      );
      expect(await store.get('message', 'k')).to.equal(undefined);
      expect(await enqueue(store, 'x', 'c')).to.equal(true);
      expect(await store.commit({ enqueue: [item('x', 'c', 1, 'notify')] })).to.equal(true);
      const [claim] = await store.claim('outbound', { lanes: 1, perLane: 1, leaseMs: 1000 });
      await store.ack(claim!);
      expect(await enqueue(store, 'x', 'd')).to.equal(true);
    });

    it('refuses an id that is in the queue', async () => {
      const { store } = fixture;
      await enqueue(store, 'lane', 'a');
      expect(await refusal(enqueue(store, 'lane', 'a'))).to.equal('duplicate');
      expect(await refusal(enqueue(store, 'other', 'b', 'a'))).to.equal('duplicate');
      expect(await refusal(enqueue(store, 'other', 'c', 'c'))).to.equal('duplicate');
      expect(await store.depth('outbound')).to.equal(1);
      await store.ack(await claimOne(store));
      expect(await enqueue(store, 'other', 'a')).to.equal(true);
    });

    it('refuses an id that is being written, and counts what is being written', async () => {
      const store = await reopen({ maxItems: 2 });
      const same = await Promise.allSettled([enqueue(store, 'lane', 'a'), enqueue(store, 'other', 'a')]);
      expect(same.map((result) => result.status)).to.deep.equal(['fulfilled', 'rejected']);
      expect(await store.depth('outbound')).to.equal(1);
      const more = await Promise.allSettled([enqueue(store, 'lane', 'b'), enqueue(store, 'lane', 'c')]);
      expect(more.map((result) => result.status)).to.deep.equal(['fulfilled', 'rejected']);
      expect(await store.depth('outbound')).to.equal(2);
    });

    it('refuses values, keys and commits beyond their limits', async () => {
      const store = await reopen({ maxValueLength: 100, maxKeyLength: 10, maxChanges: 2 });
      expect(await refusal(store.commit(record('k', 'x'.repeat(99))))).to.equal('full');
      expect(await store.commit(record('k', 'x'.repeat(98)))).to.equal(true);
      expect(await refusal(store.commit(record('elevenchars', 1)))).to.equal('invalid');
      expect(await refusal(store.commit({ remove: [{ kind: 'message', key: 'elevenchars' }] }))).to.equal('invalid');
      expect(await refusal(enqueue(store, 'elevenchars', 'a'))).to.equal('invalid');
      expect(await refusal(enqueue(store, 'lane', 'elevenchars'))).to.equal('invalid');
      expect(await refusal(enqueue(store, 'lane', 'a', 'b', 'c'))).to.equal('full');
      expect(await enqueue(store, 'lane', 'a', 'b')).to.equal(true);
    });

    it('refuses keys, lanes and ids that have no UTF-8', async () => {
      const { store } = fixture;
      expect(await refusal(store.commit(record('\ud800', 1)))).to.equal('invalid');
      expect(await refusal(enqueue(store, 'a\udc00', 'a'))).to.equal('invalid');
      expect(await refusal(enqueue(store, 'lane', '\ud800x'))).to.equal('invalid');
    });

    it('refuses what is too deep for JSON', async () => {
      let value = {};
      for (let depth = 0; depth < 100_000; depth++) value = { value };
      expect(await refusal(fixture.store.commit(record('k', value)))).to.equal('invalid');
    });

    it('keeps a thousand levels whole, and refuses one more', async () => {
      const nested = (levels: number): Json => {
        let value: Json = 'x'.repeat(2000);
        for (let level = 0; level < levels; level++) value = [value];
        return value;
      };
      expect(await fixture.store.commit(record('k', nested(1000)))).to.equal(true);
      expect((await fixture.store.get('message', 'k'))?.value).to.deep.equal(nested(1000));
      expect(await refusal(fixture.store.commit(record('k', nested(1001))))).to.equal('invalid');
    });

    it('refuses more than may wait to be written, by number and by length [store.maxPending] [store.maxPendingBytes]', async () => {
      const many = await reopen({ maxPending: 3 });
      const results = await Promise.allSettled(['a', 'b', 'c', 'd'].map((id) => enqueue(many, 'lane', id)));
      expect(results.map((result) => result.status)).to.deep.equal(['fulfilled', 'fulfilled', 'fulfilled', 'rejected']);
      expect(await enqueue(many, 'lane', 'd')).to.equal(true);
      const long = await reopen({ maxPendingLength: 100 });
      const puts = ['x'.repeat(200), 'x'].map((value) => long.commit(record('k', value)));
      expect((await Promise.allSettled(puts)).map((result) => result.status)).to.deep.equal(['fulfilled', 'rejected']);
      // What was written waits no more.
      const later = ['y', 'z'].map((key) => long.commit(record(key, 'x')));
      expect(await Promise.all(later)).to.deep.equal([true, true]);
    });

    it('keeps a claim whole whose ack was refused', async () => {
      const store = await reopen({ maxValueLength: 100 });
      await enqueue(store, 'lane', 'a');
      const claim = await claimOne(store);
      expect(await refusal(store.ack(claim, { changes: record('k', 'x'.repeat(200)) }))).to.equal('full');
      expect(await store.ack(claim)).to.equal(true);
    });

    it('answers nothing after it was closed, and closes twice', async () => {
      const { store } = fixture;
      await store.ping();
      await enqueue(store, 'lane', 'a');
      const claim = await claimOne(store);
      const begun = store.commit(record('k', 1));
      await Promise.all([store.close(), store.close()]);
      expect(await begun).to.equal(true);
      const asked = [
        store.get('message', 'k'),
        store.list('message'),
        store.commit(record('k', 1)),
        store.claim('outbound', { lanes: 1, perLane: 1, leaseMs: 1 }),
        store.ack(claim),
        store.nack(claim, 0),
        store.renew(claim, 1),
        store.hasten('outbound', 'lane'),
        store.withdraw('outbound', 'a'),
        store.depth('outbound'),
        store.laneDepth('outbound', 'lane'),
        store.nextDueMs('outbound'),
        store.ping(),
      ];
      for (const promise of asked) expect(await refusal(promise)).to.equal('closed');
    });
  });
}
