/** What the suites of the store share: how a backend is opened in a spec, a quiet log, work in short words. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from '../../lib/log.js';
import type { StoreLimits } from '../../lib/store/limits.js';
import type { Changes, Claim, ClaimOptions, Enqueue, Json, QueueName, Store } from '../../lib/store/store.js';
import { FakeClock } from '../support/fake-clock.js';

/** Opens a store; a durable one finds what the store before it left in the same place. */
export type OpenInSpec = (clock: FakeClock, limits?: Partial<StoreLimits>) => Promise<Store>;

export interface Backend {
  readonly open: OpenInSpec;
  readonly cleanUp: () => Promise<void>;
}

export const quietLog: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };

export function item(lane: string, id: string, value: Json = id, queue: QueueName = 'outbound'): Enqueue {
  return { queue, lane, id, value };
}

export function enqueue(store: Store, lane: string, ...ids: readonly string[]): Promise<boolean> {
  return store.commit({ enqueue: ids.map((id) => item(lane, id)) });
}

export function record(key: string, value: Json, more: { ttlMs?: number; ifRevision?: number } = {}): Changes {
  return { put: [{ kind: 'message', key, value, ...more }] };
}

/** All that is due, a thousand items of each lane, for ten seconds. */
export function claimAll(store: Store, options: Partial<ClaimOptions> = {}): Promise<readonly Claim[]> {
  return store.claim('outbound', { lanes: 100, perLane: 1000, leaseMs: 10_000, ...options });
}

/** The only claim there is. */
export async function claimOne(store: Store, options: Partial<ClaimOptions> = {}): Promise<Claim> {
  const claims = await claimAll(store, options);
  const [claim] = claims;
  if (!claim || claims.length > 1) throw new Error(`${claims.length} claims where one was expected`);
  return claim;
}

export function idsOf(claim: Claim): readonly string[] {
  return claim.items.map((each) => each.id);
}

export function lanesOf(claims: readonly Claim[]): readonly string[] {
  return claims.map((claim) => claim.lane);
}

/** The error a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('it did not reject');
}

export async function temporaryFolder(): Promise<{ readonly path: string; readonly remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'iwf-store-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

function nothing(): void {
  return undefined;
}
