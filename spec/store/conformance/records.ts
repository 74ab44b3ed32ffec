/** Records: revisions, lifetimes, lists, and that a commit is all or nothing. */
import { expect } from 'chai';
import type { Fixture } from './conformance.js';
import { claimAll, item, record } from '../harness.js';

export function describeRecords(fixture: Fixture): void {
  describe('records', () => {
    it('gives back an equal value, and never the same object', async () => {
      const value = { text: 'hello', list: [1, null, true], absent: undefined };
      await fixture.store.commit(record('k', value));
      value.text = 'changed after the commit';
      const first = await fixture.store.get('message', 'k');
      expect(first).to.deep.equal({ key: 'k', value: { text: 'hello', list: [1, null, true] }, revision: 1 });
      expect(first!.value).to.not.equal((await fixture.store.get('message', 'k'))!.value);
    });

    for (const text of ['', 'a\u0000b', '\u{1F600}', '\ud800', 'é\r\n\t"\\', '\u2028\ufeff']) {
      it(`keeps the text ${JSON.stringify(text)} exactly`, async () => {
        await fixture.store.commit(record('k', text));
        expect((await fixture.store.get('message', 'k'))!.value).to.equal(text);
      });
    }

    for (const key of ['', 'a\u0000b', '\u{1F600}', "o'hara%_*?"]) {
      it(`tells the key ${JSON.stringify(key)} from others`, async () => {
        await fixture.store.commit({ ...record(key, 1) });
        await fixture.store.commit(record(`${key}.`, 2));
        expect((await fixture.store.get('message', key))!.value).to.equal(1);
        expect(await fixture.store.get('contact', key)).to.equal(undefined);
        const listed = await fixture.store.list('message', key);
        expect(listed.map((each) => each.key)).to.deep.equal([key, `${key}.`]);
      });
    }

    it('counts revisions from 1, and from 1 again after a removal', async () => {
      const { store } = fixture;
      for (const revision of [1, 2, 3]) {
        await store.commit(record('k', 'v'));
        expect((await store.get('message', 'k'))!.revision).to.equal(revision);
      }
      await store.commit({ remove: [{ kind: 'message', key: 'k' }] });
      expect(await store.get('message', 'k')).to.equal(undefined);
      await store.commit(record('k', 'v'));
      expect((await store.get('message', 'k'))!.revision).to.equal(1);
    });

    it('refuses the whole commit where one revision does not hold', async () => {
      const { store } = fixture;
      await store.commit(record('old', 1));
      const isDone = await store.commit({
        put: [
          { kind: 'message', key: 'new', value: 1 },
          { kind: 'message', key: 'old', value: 2, ifRevision: 2 },
        ],
        remove: [{ kind: 'message', key: 'old' }],
        enqueue: [item('lane', 'i')],
      });
      expect(isDone).to.equal(false);
      expect(await store.get('message', 'new')).to.equal(undefined);
      expect((await store.get('message', 'old'))!.value).to.equal(1);
      expect(await store.depth('outbound')).to.equal(0);
      expect(await claimAll(store)).to.deep.equal([]);
      expect(await store.commit({ enqueue: [item('lane', 'i')] })).to.equal(true);
    });

    it('lets one of many win that stand on the same revision, in one turn and in several', async () => {
      const { store } = fixture;
      const rivals = Array.from({ length: 20 }, (_, n) => store.commit(record('k', n, { ifRevision: 0 })));
      expect((await Promise.all(rivals)).filter(Boolean)).to.have.length(1);
      const later = Array.from({ length: 20 }, (_, n) => store.commit(record('k', n, { ifRevision: 1 })));
      expect((await Promise.all(later)).filter(Boolean)).to.have.length(1);
      expect((await store.get('message', 'k'))!.revision).to.equal(2);
    });

    it('harms no other commit of the same turn by one that is refused', async () => {
      const { store } = fixture;
      const results = await Promise.all([
        store.commit(record('a', 1)),
        store.commit(record('b', 1, { ifRevision: 7 })),
        store.commit(record('c', 1)),
      ]);
      expect(results).to.deep.equal([true, false, true]);
      expect((await store.list('message')).map((each) => each.key)).to.deep.equal(['a', 'c']);
    });

    it('ends a record when its time is over, to the millisecond', async () => {
      const { store, clock } = fixture;
      await store.commit(record('k', 1, { ttlMs: 1000 }));
      await clock.advance(999);
      expect(await store.get('message', 'k')).to.not.equal(undefined);
      await clock.advance(1);
      expect(await store.get('message', 'k')).to.equal(undefined);
      expect(await store.list('message')).to.deep.equal([]);
      expect(await store.commit(record('k', 2, { ifRevision: 0 }))).to.equal(true);
      expect((await store.get('message', 'k'))!.revision).to.equal(1);
    });

    it('prolongs a record by a put, and for ever by a put without a time', async () => {
      const { store, clock } = fixture;
      await store.commit(record('k', 1, { ttlMs: 1000 }));
      await clock.advance(900);
      await store.commit(record('k', 2, { ttlMs: 1000 }));
      await clock.advance(900);
      expect((await store.get('message', 'k'))!.revision).to.equal(2);
      await store.commit(record('k', 3));
      await clock.advance(100_000);
      expect((await store.get('message', 'k'))!.value).to.equal(3);
    });

    it('forgets many records whose time is over without harm to the rest', async () => {
      const { store, clock } = fixture;
      const put = Array.from({ length: 1000 }, (_, n) => ({
        kind: 'inbound' as const,
        key: `k${n}`,
        value: n,
        ...(n % 2 ? { ttlMs: 1000 } : {}),
      }));
      await store.commit({ put });
      await clock.advance(60_000);
      expect(await store.list('inbound', '', 2000)).to.have.length(500);
      expect((await store.get('inbound', 'k0'))!.value).to.equal(0);
    });

    it('lists by key, of one prefix, so many at most', async () => {
      const { store } = fixture;
      const keys = ['b/2', 'a', 'b/1', 'b', 'b/\u{1F600}', 'b/\uffee', 'c', 'b/10'];
      await store.commit({ put: keys.map((key) => ({ kind: 'source', key, value: key })) });
      const all = await store.list('source', 'b/');
      expect(all.map((each) => each.key)).to.deep.equal(['b/1', 'b/10', 'b/2', 'b/\uffee', 'b/\u{1F600}']);
      expect(await store.list('source', 'b/', 2)).to.deep.equal(all.slice(0, 2));
      expect(await store.list('source')).to.have.length(8);
      expect(await store.list('source', 'd')).to.deep.equal([]);
      expect(await store.list('source', '', 0)).to.deep.equal([]);
    });

    it('goes on behind a key, whether it is still there or not', async () => {
      const { store } = fixture;
      const keys = ['a', 'b/1', 'b/2', 'b/4', 'b/\u{1F600}', 'c'];
      await store.commit({ put: keys.map((key) => ({ kind: 'source', key, value: key })) });
      const behind = async (after: string, limit?: number): Promise<readonly string[]> =>
        (await store.list('source', 'b/', limit, after)).map(({ key }) => key);
      expect(await behind('b/1', 2)).to.deep.equal(['b/2', 'b/4']);
      expect(await behind('b/3')).to.deep.equal(['b/4', 'b/\u{1F600}']);
      expect(await behind('a')).to.deep.equal(['b/1', 'b/2', 'b/4', 'b/\u{1F600}']);
      expect(await behind('b/\u{1F600}')).to.deep.equal([]);
      expect(await behind('c')).to.deep.equal([]);
    });

    it('lists a thousand where nothing else is asked', async () => {
      for (const half of [0, 1]) {
        const put = Array.from({ length: 600 }, (_, n) => ({ kind: 'audit' as const, key: `${half}.${n}`, value: n }));
        await fixture.store.commit({ put });
      }
      expect(await fixture.store.list('audit')).to.have.length(1000);
    });
  });
}
