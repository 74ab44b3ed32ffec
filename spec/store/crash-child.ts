/** The process that crash.spec.ts kills: commits and acks as fast as it can, and says what was answered, a line each. */
import { systemClock } from '../../lib/clock.js';
import { openStore } from '../../lib/store/open.js';
import type { Store } from '../../lib/store/store.js';
import { quietLog } from './harness.js';

const [path = '', run = ''] = process.argv.slice(2);
let next = 0;

/** The record and the item of one commit; their number is the order in their lane. */
async function commit(store: Store): Promise<void> {
  for (;;) {
    const n = next++;
    const id = `${run}/${n}`;
    await store.commit({
      put: [{ kind: 'message', key: id, value: n, ttlMs: 3_600_000 }],
      enqueue: [{ queue: 'outbound', lane: `${run}/lane ${n % 5}`, id, value: { n, body: 'x'.repeat(300) } }],
    });
    say('committed', id);
  }
}

/** One lane is worked on; what is taken off leaves a record in the same commit. */
async function take(store: Store): Promise<void> {
  for (;;) {
    const claims = await store.claim('outbound', { lanes: 1, perLane: 2, leaseMs: 60_000 });
    for (const claim of claims) {
      const put = claim.items.map(({ id }) => ({ kind: 'audit' as const, key: id, value: 'taken' }));
      if (!(await store.ack(claim, { changes: { put } }))) throw new Error('a lease was lost');
      for (const { id } of claim.items) say('taken', id);
    }
    if (claims.length === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

function say(what: string, id: string): void {
  process.stdout.write(`${what} ${id}\n`);
}

const store = await openStore({ kind: 'sqlite', path, allowVolatile: false, clock: systemClock, log: quietLog });
await Promise.all([...Array.from({ length: 32 }, () => commit(store)), take(store), take(store)]);
