/** Durable before acknowledged: a process killed under load loses nothing that it was told is kept, and leaves nothing half. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { openStore } from '../../lib/store/open.js';
import type { Claim, Store, StoredRecord } from '../../lib/store/store.js';
import { FakeClock } from '../support/fake-clock.js';
import { quietLog, temporaryFolder } from './harness.js';

const child = fileURLToPath(new URL('./crash-child.js', import.meta.url));

interface Answers {
  readonly committed: ReadonlySet<string>;
  readonly taken: ReadonlySet<string>;
}

/** What the process was told before it was killed, after so many lines. */
async function killAfter(path: string, run: string, lines: number): Promise<Answers> {
  const process_ = spawn(process.execPath, [child, path, run], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(process_, 'exit');
  const answers = { committed: new Set<string>(), taken: new Set<string>() };
  let left = lines;
  for await (const line of createInterface({ input: process_.stdout })) {
    const [what = '', id = ''] = line.split(' ');
    answers[what === 'taken' ? 'taken' : 'committed'].add(id);
    if (--left === 0) process_.kill('SIGKILL');
  }
  await exited;
  return answers;
}

async function allRecords(store: Store, kind: 'message' | 'audit', run: string): Promise<readonly StoredRecord[]> {
  return store.list(kind, `${run}/`, 1_000_000);
}

async function allClaims(store: Store): Promise<readonly Claim[]> {
  return store.claim('outbound', { lanes: 1000, perLane: 1_000_000, leaseMs: 1 });
}

function isAscending(claim: Claim): boolean {
  const numbers = claim.items.map(({ id }) => Number(id.split('/')[1]));
  return numbers.every((n, place) => place === 0 || n > (numbers[place - 1] ?? 0));
}

/** What the next process finds agrees with what the killed one was told, and with itself. */
async function verify(store: Store, run: string, answers: Answers): Promise<void> {
  const records = new Set((await allRecords(store, 'message', run)).map((record) => record.key));
  const taken = new Set((await allRecords(store, 'audit', run)).map((record) => record.key));
  const claims = await allClaims(store);
  const waiting = claims
    .flatMap((claim) => claim.items.map((item) => item.id))
    .filter((id) => id.startsWith(`${run}/`));

  expect(
    [...answers.committed].filter((id) => !records.has(id)),
    'committed and lost',
  ).to.deep.equal([]);
  expect(
    [...answers.taken].filter((id) => !taken.has(id)),
    'acked and lost',
  ).to.deep.equal([]);
  expect(new Set([...waiting, ...taken]), 'records and items').to.deep.equal(records);
  expect(waiting.length + taken.size, 'taken and still waiting').to.equal(records.size);
  for (const claim of claims) expect(claim).to.satisfy(isAscending);
}

describe('store: a crash', () => {
  it('keeps what was answered, whole and in order, crash after crash', async function () {
    this.timeout(30_000);
    const folder = await temporaryFolder();
    const path = join(folder.path, 'iwf.db');
    const clock = new FakeClock(Date.now());
    for (const [run, lines] of [300, 1000, 2500].entries()) {
      const answers = await killAfter(path, `${run}`, lines);
      const store = await openStore({ kind: 'sqlite', path, allowVolatile: false, clock, log: quietLog });
      try {
        await verify(store, `${run}`, answers);
      } finally {
        await store.close();
      }
    }
    await folder.remove();
  });
});
