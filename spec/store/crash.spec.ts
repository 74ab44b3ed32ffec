/** Durable before acknowledged: a process killed under load loses nothing that it was told is kept, and leaves nothing half. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { openStore } from '../../lib/store/open.js';
import type { Claim, Store } from '../../lib/store/store.js';
import { FakeClock } from '../support/fake-clock.js';
import { quietLog, temporaryFolder } from './harness.js';

const child = fileURLToPath(new URL('./crash-child.js', import.meta.url));

/** What the processes were told before they were killed. */
interface Answers {
  readonly committed: Set<string>;
  readonly taken: Set<string>;
}

/** The process is killed after it said so many lines. */
async function killAfter(path: string, { run, lines, answers }: { run: number; lines: number; answers: Answers }) {
  const running = spawn(process.execPath, [child, path, `${run}`], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(running, 'exit');
  let left = lines;
  for await (const line of createInterface({ input: running.stdout })) {
    const [what = '', id = ''] = line.split(' ');
    answers[what === 'taken' ? 'taken' : 'committed'].add(id);
    if (--left === 0) running.kill('SIGKILL');
  }
  await exited;
}

async function allKeys(store: Store, kind: 'message' | 'audit'): Promise<ReadonlySet<string>> {
  return new Set((await store.list(kind, '', 1_000_000)).map((record) => record.key));
}

/** What the next process finds agrees with what the killed ones were told, and with itself. */
async function verify(store: Store, answers: Answers): Promise<void> {
  const records = await allKeys(store, 'message');
  const taken = await allKeys(store, 'audit');
  const claims = await store.claim('outbound', { lanes: 1000, perLane: 1_000_000, leaseMs: 1 });
  const waiting = claims.flatMap((claim) => claim.items.map((item) => item.id));

  expect(missing(answers.committed, records), 'committed and lost').to.deep.equal([]);
  expect(missing(answers.taken, taken), 'acked and lost').to.deep.equal([]);
  expect(missing(records, new Set([...waiting, ...taken])), 'records without their item').to.deep.equal([]);
  expect(missing(new Set(waiting), records), 'items without their record').to.deep.equal([]);
  expect(waiting.length + taken.size, 'waiting or taken, not both').to.equal(records.size);
  for (const claim of claims) expect(claim).to.satisfy(isAscending);
}

function missing(wanted: ReadonlySet<string>, there: ReadonlySet<string>): readonly string[] {
  return [...wanted].filter((id) => !there.has(id));
}

function isAscending(claim: Claim): boolean {
  const numbers = claim.items.map(({ id }) => Number(id.split('/')[1]));
  return numbers.every((n, place) => place === 0 || n > (numbers[place - 1] ?? 0));
}

describe('store: a crash [IWF-1811]', () => {
  it('keeps what was answered, whole and in order, crash after crash', async function () {
    this.timeout(60_000);
    const folder = await temporaryFolder();
    const path = join(folder.path, 'iwf.db');
    const clock = new FakeClock(Date.now());
    const answers: Answers = { committed: new Set(), taken: new Set() };
    for (const [run, lines] of [300, 1000, 2500].entries()) {
      await killAfter(path, { run, lines, answers });
      const store = await openStore({ kind: 'sqlite', path, allowVolatile: false, clock, log: quietLog });
      try {
        await verify(store, answers);
      } finally {
        await store.close();
      }
    }
    await folder.remove();
  });
});
