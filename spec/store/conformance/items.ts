/** Items: order inside a lane, independence between lanes, due times, withdrawal. */
import { expect } from 'chai';
import type { Claim, Store } from '../../../lib/store/store.js';
import type { Fixture } from './conformance.js';
import { claimAll, claimOne, enqueue, idsOf, item, lanesOf, record } from '../harness.js';

export function describeItems(fixture: Fixture): void {
  describe('items', () => {
    it('lends the items of a lane in the order of their commits, with what they were given', async () => {
      const { store, clock } = fixture;
      const startMs = clock.now();
      await store.commit({ enqueue: [item('lane', 'a', { n: 1 })] });
      await clock.advance(5);
      await store.commit({ enqueue: [item('lane', 'b', { n: 2 }), item('lane', 'c', 'three')] });
      const claim = await claimOne(store);
      expect(claim).to.include({ queue: 'outbound', lane: 'lane' });
      expect(claim.items).to.deep.equal([
        { id: 'a', value: { n: 1 }, enqueuedAtMs: startMs, attempts: 0 },
        { id: 'b', value: { n: 2 }, enqueuedAtMs: startMs + 5, attempts: 0 },
        { id: 'c', value: 'three', enqueuedAtMs: startMs + 5, attempts: 0 },
      ]);
    });

    it('keeps the order of commits that were made in one turn', async () => {
      const ids = Array.from({ length: 200 }, (_, n) => `i${n}`);
      await Promise.all(ids.map((id) => enqueue(fixture.store, 'lane', id)));
      expect(idsOf(await claimOne(fixture.store))).to.deep.equal(ids);
    });

    it('takes off what is acked, and lends the rest next', async () => {
      const { store } = fixture;
      await enqueue(store, 'lane', 'a', 'b', 'c');
      const first = await claimOne(store, { perLane: 2 });
      expect(idsOf(first)).to.deep.equal(['a', 'b']);
      expect(await store.ack(first)).to.equal(true);
      expect(idsOf(await claimOne(store))).to.deep.equal(['c']);
      expect(await store.depth('outbound')).to.equal(1);
    });

    it('keeps the rest claimed while a claim is acked in part', async () => {
      const { store } = fixture;
      await enqueue(store, 'lane', 'a', 'b', 'c', 'd');
      const claim = await claimOne(store, { perLane: 3 });
      expect(await store.ack(claim, { count: 1 })).to.equal(true);
      expect(await claimAll(store)).to.deep.equal([]);
      expect(await store.laneDepth('outbound', 'lane')).to.equal(3);
      expect(await store.ack(claim, { count: 1 })).to.equal(true);
      expect(await store.ack(claim)).to.equal(true);
      expect(await store.ack(claim)).to.equal(false);
      expect(idsOf(await claimOne(store))).to.deep.equal(['d']);
    });

    it('acks in part any number of times in one turn, each the next items', async () => {
      const { store } = fixture;
      await enqueue(store, 'lane', 'a', 'b', 'c', 'd');
      const claim = await claimOne(store, { perLane: 3 });
      const results = await Promise.all([1, 1, 1, 1].map((count) => store.ack(claim, { count })));
      expect(results).to.deep.equal([true, true, true, false]);
      expect(idsOf(await claimOne(store))).to.deep.equal(['d']);
    });

    it('takes nothing off where none or more than all are acked', async () => {
      const { store } = fixture;
      await enqueue(store, 'lane', 'a', 'b');
      const claim = await claimOne(store, { perLane: 1 });
      expect(await store.ack(claim, { count: 0, changes: record('k', 1) })).to.equal(true);
      expect(await store.get('message', 'k')).to.not.equal(undefined);
      expect(await store.depth('outbound')).to.equal(2);
      expect(await store.ack(claim, { count: 9 })).to.equal(true);
      expect(await store.depth('outbound')).to.equal(1);
    });

    it('makes ack and its changes one commit', async () => {
      const { store } = fixture;
      await store.commit(record('k', 1));
      await enqueue(store, 'lane', 'a');
      const claim = await claimOne(store);
      const changes = (ifRevision: number) => ({
        ...record('k', 2, { ifRevision }),
        enqueue: [item('lane', 'b'), item('other', 'c', 'c', 'notify')],
      });
      expect(await store.ack(claim, { changes: changes(9) })).to.equal(false);
      expect([await store.depth('outbound'), await store.depth('notify')]).to.deep.equal([1, 0]);
      expect(await store.ack(claim, { changes: changes(1) })).to.equal(true);
      expect([await store.depth('outbound'), await store.depth('notify')]).to.deep.equal([1, 1]);
      expect(idsOf(await claimOne(store))).to.deep.equal(['b']);
    });

    it('holds a whole lane back until the time its head was given back for', async () => {
      const { store, clock } = fixture;
      await enqueue(store, 'lane', 'a', 'b');
      expect(await store.nack(await claimOne(store), clock.now() + 1000)).to.equal(true);
      await enqueue(store, 'lane', 'c');
      await clock.advance(999);
      expect(await claimAll(store)).to.deep.equal([]);
      await clock.advance(1);
      const claim = await claimOne(store);
      expect(claim.items.map(({ id, attempts }) => [id, attempts])).to.deep.equal([
        ['a', 1],
        ['b', 0],
        ['c', 0],
      ]);
    });

    it('counts an attempt of the head that is left after a part was acked', async () => {
      const { store, clock } = fixture;
      await enqueue(store, 'lane', 'a', 'b');
      const claim = await claimOne(store);
      await store.ack(claim, { count: 1 });
      await store.nack(claim, clock.now(), { changes: record('k', 1) });
      expect((await claimOne(store)).items).to.deep.include({
        id: 'b',
        value: 'b',
        enqueuedAtMs: clock.now(),
        attempts: 1,
      });
      expect(await store.get('message', 'k')).to.not.equal(undefined);
    });

    it('lends the lane first that is due longest, and so many as are asked for', async () => {
      const { store, clock } = fixture;
      for (const lane of ['one', 'two', 'three']) {
        await enqueue(store, lane, lane);
        await clock.advance(1);
      }
      await store.nack(await claimOne(store, { lanes: 1 }), clock.now() + 10);
      await clock.advance(10);
      expect(lanesOf(await claimAll(store, { lanes: 2 }))).to.deep.equal(['two', 'three']);
      expect(lanesOf(await claimAll(store))).to.deep.equal(['one']);
    });

    it('takes turns: a lane whose items were acked is behind those that wait', async () => {
      const { store, clock } = fixture;
      await enqueue(store, 'long', '1', '2', '3');
      await clock.advance(1);
      await enqueue(store, 'short', '4');
      await clock.advance(1);
      await store.ack(await claimOne(store, { lanes: 1, perLane: 1 }));
      expect(lanesOf(await claimAll(store))).to.deep.equal(['short', 'long']);
    });

    it('lets no lane wait for another', async () => {
      const { store, clock } = fixture;
      await enqueue(store, 'claimed', 'a');
      await claimOne(store);
      await enqueue(store, 'given back', 'b');
      await store.nack(await claimOne(store), clock.now() + 60_000);
      await enqueue(store, 'free', 'c');
      expect(lanesOf(await claimAll(store))).to.deep.equal(['free']);
    });

    it('keeps the two queues apart, their ids too', async () => {
      const { store } = fixture;
      await store.commit({ enqueue: [item('lane', 'same'), item('lane', 'same', 'n', 'notify')] });
      expect(await claimAll(store)).to.have.length(1);
      expect(await store.depth('notify')).to.equal(1);
      const notify = await store.claim('notify', { lanes: 1, perLane: 1, leaseMs: 1000 });
      expect(notify.map((claim) => claim.items[0]!.value)).to.deep.equal(['n']);
    });

    it('hastens a lane that waits, and leaves others as they are', async () => {
      const { store, clock } = fixture;
      await enqueue(store, 'lane', 'a');
      await store.nack(await claimOne(store), clock.now() + 60_000);
      expect(await store.nextDueMs('outbound')).to.equal(clock.now() + 60_000);
      await store.hasten('outbound', 'nobody');
      await store.hasten('notify', 'lane');
      expect(await claimAll(store)).to.deep.equal([]);
      await store.hasten('outbound', 'lane');
      expect(await store.nextDueMs('outbound')).to.equal(clock.now());
      expect(idsOf(await claimOne(store))).to.deep.equal(['a']);
      await store.hasten('outbound', 'lane');
      expect(await claimAll(store)).to.deep.equal([]);
    });

    it('tells when the next lane is due', async () => {
      const { store, clock } = fixture;
      expect(await store.nextDueMs('outbound')).to.equal(undefined);
      await enqueue(store, 'lane', 'a');
      expect(await store.nextDueMs('outbound')).to.equal(clock.now());
      const claim = await claimOne(store);
      expect(await store.nextDueMs('outbound')).to.equal(undefined);
      await store.nack(claim, clock.now() + 7);
      expect(await store.nextDueMs('outbound')).to.equal(clock.now() + 7);
      expect(await store.nextDueMs('notify')).to.equal(undefined);
    });

    it('withdraws an item that waits, from anywhere in its lane, with its changes', async () => {
      const { store } = fixture;
      await enqueue(store, 'lane', 'a', 'b', 'c');
      expect(await store.withdraw('outbound', 'b', record('k', 1))).to.equal(true);
      expect(await store.get('message', 'k')).to.not.equal(undefined);
      expect(await store.withdraw('outbound', 'b')).to.equal(false);
      expect(await store.withdraw('notify', 'a')).to.equal(false);
      expect(await store.withdraw('outbound', 'a')).to.equal(true);
      expect(idsOf(await claimOne(store))).to.deep.equal(['c']);
      expect(await store.depth('outbound')).to.equal(1);
    });

    it('counts what waits in all lanes of one owner', async () => {
      const { store } = fixture;
      await enqueue(store, 'message|a|1', 'a1', 'a2');
      await enqueue(store, 'receipt|a|1', 'a3');
      await enqueue(store, 'message|b|1', 'b1');
      await enqueue(store, 'plain', 'p1');
      const depths = (): Promise<readonly number[]> =>
        Promise.all(['a', 'b', 'c', '1', 'plain'].map((owner) => store.ownerDepth('outbound', owner)));
      expect(await depths()).to.deep.equal([3, 1, 0, 0, 0]);
      expect(await store.ownerDepth('notify', 'a')).to.equal(0);
      expect(await store.withdraw('outbound', 'a3')).to.equal(true);
      for (const claim of await claimAll(store, { perLane: 1 })) await store.ack(claim);
      expect(await depths()).to.deep.equal([1, 0, 0, 0, 0]);
      for (const claim of await claimAll(store)) await store.nack(claim, 0);
      expect(await depths()).to.deep.equal([1, 0, 0, 0, 0]);
    });

    it('counts what waits in all lanes of one group', async () => {
      const { store } = fixture;
      await enqueue(store, 's1|a|1', 'a1', 'a2');
      await enqueue(store, 's1|b|1', 'b1');
      await enqueue(store, 's2|a|1', 'a3');
      await enqueue(store, 'plain', 'p1');
      const depths = (): Promise<readonly number[]> =>
        Promise.all(['s1', 's2', 'a', 'plain'].map((group) => store.groupDepth('outbound', group)));
      expect(await depths()).to.deep.equal([3, 1, 0, 0]);
      expect(await store.groupDepth('notify', 's1')).to.equal(0);
      for (const claim of await claimAll(store, { perLane: 1 })) await store.ack(claim);
      expect(await depths()).to.deep.equal([1, 0, 0, 0]);
      expect(await store.withdraw('outbound', 'a2')).to.equal(true);
      expect(await depths()).to.deep.equal([0, 0, 0, 0]);
    });

    it('withdraws the last item of a lane, and the lane with it', async () => {
      const { store } = fixture;
      await enqueue(store, 'lane', 'a');
      expect(await store.withdraw('outbound', 'a')).to.equal(true);
      expect(await store.depth('outbound')).to.equal(0);
      expect(await store.laneDepth('outbound', 'lane')).to.equal(0);
      expect(await store.nextDueMs('outbound')).to.equal(undefined);
      expect(await enqueue(store, 'lane', 'a')).to.equal(true);
      expect(idsOf(await claimOne(store))).to.deep.equal(['a']);
    });

    it('withdraws nothing that is claimed, but what waits behind it', async () => {
      const { store } = fixture;
      await enqueue(store, 'lane', 'a', 'b', 'c');
      const claim = await claimOne(store, { perLane: 2 });
      expect(await store.withdraw('outbound', 'b', record('k', 1))).to.equal(false);
      expect(await store.get('message', 'k')).to.equal(undefined);
      expect(await store.withdraw('outbound', 'c')).to.equal(true);
      expect(await store.ack(claim)).to.equal(true);
      expect(await store.depth('outbound')).to.equal(0);
    });

    it('withdraws nothing where a revision does not hold, and keeps the order', async () => {
      const { store } = fixture;
      await enqueue(store, 'lane', 'a', 'b');
      expect(await store.withdraw('outbound', 'a', record('k', 1, { ifRevision: 1 }))).to.equal(false);
      expect(idsOf(await claimOne(store))).to.deep.equal(['a', 'b']);
    });

    it('still holds a lane back whose head was withdrawn', async () => {
      const { store, clock } = fixture;
      await enqueue(store, 'lane', 'a', 'b');
      await store.nack(await claimOne(store), clock.now() + 1000);
      await store.withdraw('outbound', 'a');
      expect(await claimAll(store)).to.deep.equal([]);
      await clock.advance(1000);
      expect(idsOf(await claimOne(store))).to.deep.equal(['b']);
    });

    it('withdraws for one of two that ask', async () => {
      const { store } = fixture;
      await enqueue(store, 'lane', 'a');
      const results = await Promise.all([store.withdraw('outbound', 'a'), store.withdraw('outbound', 'a')]);
      expect(results).to.deep.equal([true, false]);
    });

    it('calls those who wait for work, on the queue that has some', async () => {
      const { store, clock } = fixture;
      const calls = { outbound: 0, notify: 0 };
      store.onWork('outbound', () => calls.outbound++);
      store.onWork('notify', () => calls.notify++);
      const called = async (): Promise<boolean> => {
        await clock.advance(0);
        const isCalled = calls.outbound > 0 && calls.notify === 0;
        calls.outbound = 0;
        return isCalled;
      };
      await enqueue(store, 'lane', 'a', 'b');
      expect(await called(), 'enqueue').to.equal(true);
      await store.ack(await claimOne(store, { perLane: 1 }));
      expect(await called(), 'ack of a part').to.equal(true);
      await store.nack(await claimOne(store), clock.now() + 1000);
      expect(await called(), 'nack').to.equal(true);
      await store.hasten('outbound', 'lane');
      expect(await called(), 'hasten').to.equal(true);
    });

    it('keeps the order of every lane while many workers ack, nack and lose their leases', async () => {
      const { store, clock } = fixture;
      const lanes = Array.from({ length: 7 }, (_, n) => `lane${n}`);
      const seen = new Map<string, string[]>(lanes.map((lane) => [lane, []]));
      for (let n = 0; n < 20; n++) await Promise.all(lanes.map((lane) => enqueue(store, lane, `${lane}/${n}`)));
      let turn = 0;
      while ((await store.depth('outbound')) > 0) {
        const claims = await claimAll(store, { lanes: 3, perLane: 1 + (turn % 3), leaseMs: 50 });
        await Promise.all(claims.map((claim, place) => work(fixture, { claim, seen, choice: turn + place })));
        await clock.advance(20);
        turn++;
      }
      for (const [lane, ids] of seen) expect(ids).to.deep.equal(Array.from({ length: 20 }, (_, n) => `${lane}/${n}`));
    });
  });
}

interface Work {
  readonly claim: Claim;
  readonly seen: ReadonlyMap<string, string[]>;
  readonly choice: number;
}

/** In turn: takes all, takes one and gives back the rest, gives back, forgets its lease. */
async function work({ store, clock }: { store: Store; clock: Fixture['clock'] }, { claim, seen, choice }: Work) {
  const taken = seen.get(claim.lane)!;
  switch (choice % 4) {
    case 0:
      taken.push(...idsOf(claim));
      expect(await store.ack(claim)).to.equal(true);
      return;
    case 1:
      taken.push(claim.items[0]!.id);
      expect(await store.ack(claim, { count: 1 })).to.equal(true);
      if (claim.items.length > 1) expect(await store.nack(claim, clock.now() + 10)).to.equal(true);
      return;
    case 2:
      expect(await store.nack(claim, clock.now() + 30)).to.equal(true);
      return;
    default:
  }
}
