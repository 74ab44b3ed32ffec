/** The log beside the file is copied into it and begun anew while the store is written; where that fails it is said. */
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../../lib/log.js';
import { openStore } from '../../../lib/store/open.js';
import { nextAfter, type Round } from '../../../lib/store/sqlite/checkpoint.js';
import { loadSqlite } from '../../../lib/store/sqlite/sqlite-file.js';
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

  it('while somebody reads for long the log grows, which is told once it is long, and is begun anew when he is done', async () => {
    const reader = new (await loadSqlite())(path, { readonly: true });
    reader.exec('BEGIN');
    reader.prepare('SELECT count(*) FROM record').get();
    await write(60);
    expect(await logLength()).to.be.greaterThan(60 * mebibyte);
    expect(said).to.deep.equal([]);
    await write(90);
    await until(() => said.length > 0);
    expect(said.join()).to.match(/^checkpoints fail: the log has grown long: another program holds the file/);
    const grown = await logLength();
    reader.close();
    await write(60);
    await until(() => said.at(-1) === 'checkpoints succeed again');
    expect(await logLength()).to.be.at.most(grown + 40 * mebibyte);
    expect(said).to.have.length(2);
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

describe('store: after a round of checkpoints', () => {
  const done = (logPages: number, leftPages: number): Round => ({ kind: 'done', logPages, leftPages });

  it('a log that is not long rests', () => {
    expect(nextAfter(done(7999, 5000), Infinity)).to.equal('rest');
    expect(nextAfter({ kind: 'failed', text: 'disk I/O error' }, Infinity)).to.equal('rest');
    // Another round is under way.
    expect(nextAfter(done(-1, 0), Infinity)).to.equal('rest');
  });

  it('of a long one the rest is copied in rounds, the last of it by the one that writes', () => {
    expect(nextAfter(done(8000, 3000), Infinity)).to.equal('again');
    expect(nextAfter(done(8300, 300), 3000)).to.equal('again');
    expect(nextAfter(done(8330, 30), 300)).to.equal('finish');
  });

  it('a round that copied hardly anything is not followed by another at once: somebody reads, or the disk is slow', () => {
    expect(nextAfter(done(8000, 5000), 5000)).to.equal('rest');
    expect(nextAfter(done(9000, 5000), 8000)).to.equal('rest');
  });

  it('what grows faster than it is copied is copied by the one that writes', () => {
    expect(nextAfter(done(32_000, 9000), Infinity)).to.equal('finish');
  });
});

/** The soft limit alone: it can be lifted again. Node ignores SIGXFSZ, so that a write fails with EFBIG. */
function limitFiles(soft: string): void {
  execFileSync('prlimit', ['--pid', `${process.pid}`, `--fsize=${soft}:unlimited`]);
}
