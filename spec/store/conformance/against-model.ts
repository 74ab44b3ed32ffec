/** Whatever is asked, in whatever order: the store does what the model does. */
import { expect } from 'chai';
import fc from 'fast-check';
import type { Claim } from '../../../lib/store/store.js';
import { FakeClock } from '../../support/fake-clock.js';
import type { Fixture } from './conformance.js';
import { claimAll, item } from '../harness.js';
import { Model, type ModelClaim } from './model.js';

const keys = ['k0', 'k1'];
const lanes = ['lane0', 'lane1', 'lane2'];

const small = fc.nat(9);
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('commit'), a: small, b: small, c: small }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('claim'), a: small, b: small, c: small }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('ack', 'nack', 'withdraw', 'hasten', 'advance'),
      a: small,
      b: small,
      c: small,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart'), a: small, b: small, c: small }) },
);

/** Three small numbers that each kind of step reads in its own way. */
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

interface Run {
  readonly fixture: Fixture;
  readonly model: Model;
  readonly claims: { readonly real: Claim; readonly model: ModelClaim }[];
  ids: number;
}

export function describeModel(fixture: Fixture): void {
  it('does what the model does', async function () {
    this.timeout(120_000);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: fixture.store.durable ? 200 : 80 }), async (steps) => {
        await fixture.store.close();
        await fixture.backend.cleanUp();
        fixture.clock = new FakeClock();
        fixture.store = await fixture.backend.open(fixture.clock);
        const run: Run = { fixture, model: new Model(), claims: [], ids: 0 };
        run.model.nowMs = fixture.clock.now();
        for (const each of steps) {
          await perform(run, each);
          await compare(run);
        }
      }),
      // As many steps, in fewer stores: a file that is opened costs as much as a hundred of them.
      { numRuns: fixture.store.durable ? 10 : 300 },
    );
  });
}

async function perform(run: Run, { kind, a, b, c }: Step): Promise<void> {
  const { fixture, model, claims } = run;
  const { store, clock } = fixture;
  const lent = claims.at(-1 - (a % 2));
  const number = claims.length - 1 - (a % 2);
  switch (kind) {
    case 'commit':
      return commit(run, { a, b, c });
    case 'claim': {
      const real = [...(await claimAll(store, { perLane: 1 + (a % 3), leaseMs: 50 + 20 * b }))];
      real.sort((one, other) => (one.lane < other.lane ? -1 : 1));
      const wanted = model.claim(1 + (a % 3), 50 + 20 * b);
      expect(real.map(shapeOf)).to.deep.equal(wanted);
      real.forEach((claim, place) => claims.push({ real: claim, model: wanted[place]! }));
      return;
    }
    case 'ack':
      if (lent) expect(await store.ack(lent.real, { count: b })).to.equal(model.ack(lent.model, number, b));
      return;
    case 'nack': {
      const dueMs = clock.now() + 10 * b;
      if (lent) expect(await store.nack(lent.real, dueMs)).to.equal(model.nack(lent.model, number, dueMs));
      return;
    }
    case 'withdraw': {
      const id = `i${Math.max(0, run.ids - 1 - b)}`;
      expect(await store.withdraw('outbound', id)).to.equal(model.withdraw(id));
      return;
    }
    case 'hasten':
      await store.hasten('outbound', lanes[a % 3]!);
      model.hasten(lanes[a % 3]!);
      return;
    case 'advance':
      await clock.advance(a * a);
      model.nowMs = clock.now();
      return;
    default:
      if (!store.durable) return;
      await store.close();
      fixture.store = await fixture.backend.open(clock);
      model.restart();
  }
}

/** One record, sometimes on a revision that does not hold, sometimes for a time; and one item. */
async function commit(run: Run, { a, b, c }: Omit<Step, 'kind'>): Promise<void> {
  const { fixture, model } = run;
  const key = keys[a % 2]!;
  const isConditional = b < 2;
  const id = `i${run.ids++}`;
  const put = {
    kind: 'message' as const,
    key,
    value: a,
    ...(isConditional ? { ifRevision: b } : {}),
    ...(c < 5 ? { ttlMs: 1 + c * 10 } : {}),
  };
  const isWanted = !isConditional || (model.get(key)?.[1] ?? 0) === b;
  expect(await fixture.store.commit({ put: [put], enqueue: [item(lanes[c % 3]!, id)] })).to.equal(isWanted);
  if (!isWanted) return;
  model.put(key, a, c < 5 ? 1 + c * 10 : Infinity);
  model.enqueue(lanes[c % 3]!, id);
}

function shapeOf(claim: Claim): ModelClaim {
  return { lane: claim.lane, items: claim.items.map(({ id, attempts }) => [id, attempts] as const) };
}

async function compare({ fixture: { store }, model }: Run): Promise<void> {
  expect(await store.depth('outbound')).to.equal(model.depth());
  expect(await store.oldestMs('outbound')).to.equal(model.oldestMs());
  for (const key of keys) {
    const real = await store.get('message', key);
    expect(real && [real.value, real.revision]).to.deep.equal(model.get(key));
  }
}
