/**
 * What the power is cut of: commits messages to a store and acks some of them, and says so once it may, on standard output.
 * node dist/scripts/power-cut/writer.js FILE MESSAGES
 */
import { writeSync } from 'node:fs';
import { systemClock } from '../../lib/clock.js';
import { openStore } from '../../lib/store/open.js';
import type { Claim, Store } from '../../lib/store/store.js';
import { textOf } from './message.js';

const [path = '', messages = '0'] = process.argv.slice(2);
const inFlight = 8;
const quiet = { debug: ignore, info: ignore, warn: ignore, error: ignore };

const store = await openStore({ kind: 'sqlite', path, allowVolatile: false, clock: systemClock, log: quiet });
let next = 0;
await Promise.all(Array.from({ length: inFlight }, commitAll));
await store.close();

async function commitAll(): Promise<void> {
  while (next < Number(messages)) {
    const id = `m${next++}`;
    const item = { queue: 'notify', lane: id, id, value: { text: textOf(id) } } as const;
    await store.commit({ put: [{ kind: 'inbound', key: id, value: { text: textOf(id) } }], enqueue: [item] });
    say('committed', id);
    if (next % 3 === 0) await settleSome(store);
  }
}

async function settleSome(from: Store): Promise<void> {
  for (const claim of await from.claim('notify', { lanes: 2, perLane: 1, leaseMs: 60_000 })) await settle(from, claim);
}

async function settle(from: Store, claim: Claim): Promise<void> {
  const id = claim.items[0]?.id ?? '';
  say('settling', id);
  if (await from.ack(claim)) say('settled', id);
}

function say(what: string, id: string): void {
  writeSync(1, `${what} ${id}\n`);
}

function ignore(): void {
  // Nobody reads the log here.
}
