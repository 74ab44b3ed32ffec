/** What is wrong with a store as it is found after a power cut, by what its writer had said until then. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { systemClock } from '../../lib/clock.js';
import { openStore } from '../../lib/store/open.js';
import type { Json, Store } from '../../lib/store/store.js';
import { textOf } from './message.js';

export interface AfterCut {
  readonly found: ReadonlyMap<string, Buffer>;
  /** `committed m1`, `settling m1`, `settled m1`. */
  readonly said: readonly string[];
  /** Made anew for it, and removed. */
  readonly folder: string;
}

const quiet = { debug: ignore, info: ignore, warn: ignore, error: ignore };

export async function faultsAfter({ found, said, folder }: AfterCut): Promise<readonly string[]> {
  mkdirSync(folder);
  try {
    for (const [path, bytes] of found) writeFileSync(join(folder, basename(path)), bytes);
    const path = join(folder, 'store.db');
    const store = await openStore({ kind: 'sqlite', path, allowVolatile: false, clock: systemClock, log: quiet });
    try {
      return await faultsIn(store, said);
    } finally {
      await store.close();
    }
  } catch (error) {
    return [`the store does not open: ${String(error)}`];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function faultsIn(store: Store, said: readonly string[]): Promise<readonly string[]> {
  const faults: string[] = [];
  const those = (what: string): readonly string[] =>
    said.filter((text) => text.startsWith(`${what} `)).map((text) => text.slice(what.length + 1));
  const items = await itemsOf(store);
  const settling = new Set(those('settling'));
  for (const id of those('committed')) {
    if ((await recordOf(store, id)) !== textOf(id)) faults.push(`the record of ${id} is lost or altered`);
    // An ack under way may be durable already, or not.
    if (!settling.has(id) && items.get(id) !== textOf(id)) faults.push(`the item ${id} is lost or altered`);
  }
  for (const id of those('settled')) if (items.has(id)) faults.push(`the item ${id} came back`);
  for (const [id, text] of items) if (text !== textOf(id)) faults.push(`the item ${id} is altered`);
  return faults;
}

async function recordOf(store: Store, id: string): Promise<string | undefined> {
  return textIn((await store.get('inbound', id))?.value);
}

async function itemsOf(store: Store): Promise<ReadonlyMap<string, string | undefined>> {
  const claims = await store.claim('notify', { lanes: 1_000_000, perLane: 1, leaseMs: 60_000 });
  return new Map(claims.flatMap(({ items }) => items.map(({ id, value }) => [id, textIn(value)] as const)));
}

function textIn(value: Json | undefined): string | undefined {
  const { text } = (value ?? {}) as { readonly text?: string };
  return text;
}

function ignore(): void {
  // Nobody reads the log here.
}
