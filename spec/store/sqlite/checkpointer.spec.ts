/** The log beside the file is copied into it and begun anew while the store is written; where that fails it is said. */
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../../lib/log.js';
import { openStore } from '../../../lib/store/open.js';
import type { Store } from '../../../lib/store/store.js';
import { until } from '../../support/ask-again.js';
import { FakeClock } from '../../support/fake-clock.js';
import { quietLog, record, rejection, temporaryFolder } from '../harness.js';

const mebibyte = 1024 * 1024;
const value = 'x'.repeat(mebibyte);

describe('store: checkpoints of the SQLite file', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let path: string;
  let said: string[];
  let store: Store;

  beforeEach(async () => {
    folder = await temporaryFolder();
    path = join(folder.path, 'iwf.db');
    said = [];
    store = await open();
  });
  afterEach(async () => {
    await store.close();
    await folder.remove();
  });

  function open(): Promise<Store> {
    const note: Logger['info'] = (event, fields) =>
      void said.push(typeof fields?.['problem'] === 'string' ? `${event}: ${fields['problem']}` : event);
    const log: Logger = { ...quietLog, info: note, warn: note, error: note };
    return openStore({ kind: 'sqlite', path, allowVolatile: false, clock: new FakeClock(), log });
  }

  async function write(mebibytes: number): Promise<void> {
    for (let n = 0; n < mebibytes; n++) await store.commit(record(`${n}`, value));
  }

  const logLength = async (): Promise<number> => (await stat(`${path}-wal`)).size;

  it('however much is written, the log does not grow with it', async () => {
    await write(120);
    expect(await logLength()).to.be.within(16 * mebibyte, 96 * mebibyte);
    expect((await stat(path)).size).to.be.greaterThan(16 * mebibyte);
    expect(said).to.deep.equal([]);
  });

  it('that fail are told once, and that they succeed again; what was committed meanwhile is there', async () => {
    limitFiles(`${40 * mebibyte}`);
    try {
      await rejection(write(120));
    } finally {
      limitFiles('unlimited');
    }
    expect(said.filter((event) => event.startsWith('checkpoints'))).to.deep.equal(['checkpoints fail: disk I/O error']);
    await write(60);
    await until(() => said.at(-1) === 'checkpoints succeed again');
    await store.close();
    store = await open();
    expect((await store.get('message', '59'))?.value).to.equal(value);
  });
});

/** The soft limit alone: it can be lifted again. Node ignores SIGXFSZ, so that a write fails with EFBIG. */
function limitFiles(soft: string): void {
  execFileSync('prlimit', ['--pid', `${process.pid}`, `--fsize=${soft}:unlimited`]);
}
