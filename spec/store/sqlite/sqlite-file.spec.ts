/** The file of the SQLite store: who may read it, who may open it, what is said where it cannot be used. */
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { createMetrics, type Metrics } from '../../../lib/metrics.js';
import type { StoreLimits } from '../../../lib/store/limits.js';
import { openStore } from '../../../lib/store/open.js';
import { loadSqlite, lockFile, type SqliteModule } from '../../../lib/store/sqlite/sqlite-file.js';
import { createSqliteWrites } from '../../../lib/store/sqlite/sqlite-writes.js';
import { migrations } from '../../../lib/store/migrations/index.js';
import type { Store } from '../../../lib/store/store.js';
import { until } from '../../support/ask-again.js';
import { FakeClock } from '../../support/fake-clock.js';
import { claimAll, claimOne, enqueue, item, quietLog, record, rejection, temporaryFolder } from '../harness.js';

const Sqlite = await loadSqlite();

describe('store: the SQLite file', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let path: string;
  let clock: FakeClock;
  const opened: Store[] = [];

  beforeEach(async () => {
    folder = await temporaryFolder();
    path = join(folder.path, 'data', 'iwf.db');
    clock = new FakeClock();
  });
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
    await folder.remove();
  });

  async function open(limits: Partial<StoreLimits> = {}, metrics?: Metrics): Promise<Store> {
    const place = { kind: 'sqlite', path, allowVolatile: true } as const;
    const store = await openStore({ ...place, clock, log: quietLog, limits, ...(metrics && { metrics }) });
    opened.push(store);
    return store;
  }

  it('where another has it: a batch waits for it once, whatever it holds', async () => {
    await open();
    const begun: unknown[] = [];
    const file = new Sqlite(path, { timeout: 10, verbose: (sql) => void begun.push(sql) });
    const writes = createSqliteWrites(file);
    const other = new Sqlite(path);
    other.exec('BEGIN IMMEDIATE');
    begun.length = 0;
    const nothing = { nowMs: 0, puts: [], removes: [], items: [], deletes: [], heads: [] };
    const outcomes = writes.write([nothing, nothing, nothing]);
    expect(outcomes.map((outcome) => outcome.kind)).to.deep.equal(['failed', 'failed', 'failed']);
    expect(begun).to.have.length(1);
    for (const database of [other, file]) database.close();
  });

  it('makes its folder and its files for their owner alone', async () => {
    await enqueue(await open(), 'lane', 'a');
    expect((await stat(join(folder.path, 'data'))).mode & 0o777).to.equal(0o700);
    for (const name of ['iwf.db', 'iwf.db-wal'])
      expect((await stat(join(folder.path, 'data', name))).mode & 0o077).to.equal(0);
  });

  it('is open to one store at a time', async () => {
    const first = await open();
    expect((await rejection(open())).message).to.include('in use by another process');
    await first.close();
    await open();
  });

  it('is open to one store at a time by whatever name', async () => {
    await open();
    const file = path;
    path = join(folder.path, 'by-another-name.db');
    await symlink(file, path);
    expect((await rejection(open())).message).to.include('in use by another process');
  });

  it('says of a disk that is full that it is, and blames nobody', async () => {
    const refused = (code: string): string => {
      class Refusing extends Sqlite {
        override exec(): this {
          throw new Sqlite.SqliteError('as SQLite says it', code);
        }
      }
      try {
        lockFile(Refusing as unknown as SqliteModule, path).close();
      } catch (error) {
        return String(error);
      }
      return 'opened';
    };
    expect(refused('SQLITE_FULL')).to.include(path).and.include('its disk is full').and.not.include('process');
    expect(refused('SQLITE_READONLY_DIRECTORY')).to.include('rights of the file');
    expect(refused('SQLITE_IOERR_WRITE')).to.include('as SQLite says it').and.not.include('process');
    for (const code of ['SQLITE_BUSY', 'SQLITE_LOCKED_SHAREDCACHE'])
      expect(refused(code)).to.include('in use by another process');
    await open();
  });

  it('says of a damaged file what to do, and never goes on without it', async () => {
    await mkdir(join(folder.path, 'data'));
    await writeFile(path, 'this is not a database, and longer than the header of one'.repeat(100));
    const error = await rejection(open());
    expect(error.message).to.include(path).and.include('damaged or no SQLite file').and.include('backup');
    expect((await rejection(open())).message).to.equal(error.message);
  });

  it('refuses a file of a newer version', async () => {
    await (await open()).close();
    const database = new Sqlite(path);
    database.pragma(`user_version = ${migrations.length + 1}`);
    database.close();
    expect((await rejection(open())).message).to.include('newer version');
  });

  it('says that it may not write', async () => {
    await mkdir(path, { recursive: true });
    expect((await rejection(open())).message).to.include(path);
    expect((await rejection(open())).message).to.include('is a folder');
  });

  it('refuses the database of another program, and leaves it as it was', async () => {
    await mkdir(join(folder.path, 'data'));
    for (const version of [0, 1, 99]) {
      const other = new Sqlite(path);
      other.exec('CREATE TABLE IF NOT EXISTS record (ours TEXT)');
      other.pragma(`user_version = ${version}`);
      other.close();
      const before = await readFile(path);
      expect((await rejection(open())).message)
        .to.include(path)
        .and.include('database of another program');
      expect(await readFile(path)).to.deep.equal(before);
    }
  });

  it('refuses what does not fit, acknowledges nothing of it, and goes on when there is room [store.maxFileBytes]', async () => {
    const store = await open({ maxFileBytes: 400_000 });
    const body = 'x'.repeat(20_000);
    let taken = 0;
    const fill = async (): Promise<void> => {
      for (; ; taken++) await store.commit({ ...record(`k${taken}`, 1), enqueue: [item('lane', `i${taken}`, body)] });
    };
    expect(await rejection(fill())).to.include({ reason: 'full' });
    expect(taken).to.be.greaterThan(5);
    expect(await store.depth('outbound')).to.equal(taken);
    expect(await store.get('message', `k${taken}`)).to.equal(undefined);

    const claim = await claimOne(store);
    const [isAcked, refused] = await Promise.allSettled([
      store.ack(claim),
      store.commit({ enqueue: [item('lane', 'too large', body.repeat(50))] }),
    ]);
    expect(isAcked).to.deep.equal({ status: 'fulfilled', value: true });
    expect(refused.status).to.equal('rejected');
    expect(await store.commit({ enqueue: [item('lane', 'fits', body)] })).to.equal(true);
    expect(await claimAll(store)).to.have.length(1);
  });

  it('fails its ping while commits fail, and finds out by itself that there is room again', async () => {
    const store = await open({ maxFileBytes: 400_000 });
    const body = 'x'.repeat(20_000);
    const fill = async (): Promise<void> => {
      for (let n = 0; ; n++) await store.commit({ enqueue: [item('lane', `i${n}`, body)] });
    };
    await store.ping();
    await rejection(fill());
    const failing = { reason: 'full', message: 'commits fail: database or disk is full' };
    expect(await rejection(store.ping())).to.include(failing);
    // What is much smaller may still fit, and proves nothing.
    await store.commit(record('small', 1));
    for (let n = 0; n < 5; n++) {
      await clock.advance(1_000);
      expect(await rejection(store.ping())).to.include(failing);
    }
    const other = new Sqlite(path);
    other.exec('DELETE FROM item');
    await until(async () => {
      await clock.advance(1_000);
      return store.ping().then(
        () => true,
        () => false,
      );
    });
    await until(async () => (await store.list('probe')).length === 0);
    expect(await store.commit({ enqueue: [item('lane', 'fits', body)] })).to.equal(true);
    other.close();
  });

  it('times what becomes durable, and counts what does not by its reason', async () => {
    const metrics = createMetrics({ log: quietLog });
    const store = await open({ maxFileBytes: 400_000 }, metrics);
    await enqueue(store, 'lane', 'a');
    await rejection(enqueue(store, 'lane', 'a'));
    await rejection(store.commit({ enqueue: [item('lane', 'large', 'x'.repeat(1_000_000))] }));
    const text = await metrics.expose();
    expect(text).to.include('iwf_store_commit_seconds_count 1\n');
    expect(text).to.include('iwf_store_failures_total{reason="duplicate"} 1\n');
    expect(text).to.include('iwf_store_failures_total{reason="full"} 1\n');
  });

  it('reads from the file what it may not keep in memory', async () => {
    const store = await open({ cachedLength: 10 });
    await enqueue(store, 'lane', 'short', 'a longer one', 'x');
    const claim = await claimOne(store);
    expect(claim.items.map(({ value }) => value)).to.deep.equal(['short', 'a longer one', 'x']);
    await store.ack(claim);
    await enqueue(store, 'lane', 'again');
    expect((await claimOne(store)).items[0]!.value).to.equal('again');
  });

  it('takes what is over out of the file', async () => {
    const store = await open();
    const put = Array.from({ length: 900 }, (_, n) => ({
      kind: 'inbound' as const,
      key: `k${n}`,
      value: n,
      ttlMs: n < 800 ? 1000 : 99_000_000,
    }));
    for (let n = 0; n < 3; n++) await store.commit({ put: put.map((each) => ({ ...each, key: `${n}/${each.key}` })) });
    const reader = new Sqlite(path, { readonly: true });
    const count = reader.prepare<[], { n: number }>('SELECT count(*) AS n FROM record');
    expect(count.get()!.n).to.equal(2700);
    for (let turn = 0; turn < 50 && count.get()!.n > 300; turn++) {
      await clock.advance(10_000);
      await store.ping();
    }
    expect(count.get()!.n).to.equal(300);
    reader.close();
  });

  it('leaves one file behind when it is closed', async () => {
    const store = await open();
    await enqueue(store, 'lane', 'a');
    await store.close();
    const names = await readdir(join(folder.path, 'data'));
    expect(names.sort()).to.deep.equal(['iwf.db', 'iwf.db-lock']);
  });
});

describe('store: without better-sqlite3', () => {
  // A resolve hook that knows no better-sqlite3: what a machine without it, or without its native part, is like.
  const hook = `export const resolve = (name, context, next) => {
    if (name.startsWith('better-sqlite3')) throw new Error('Could not locate the bindings file. Tried: a, b');
    return next(name, context);
  };`;
  const register = `import { register } from 'node:module'; register(${JSON.stringify(dataUrl(hook))});`;

  async function openWithout(allowVolatile: boolean): Promise<string> {
    const moduleUrl = new URL('../../../lib/store/open.js', import.meta.url).href;
    const script = `
      const { openStore } = await import(${JSON.stringify(moduleUrl)});
      const log = { warn: (event, fields) => console.log('warn', event, fields.reason) };
      const clock = { now: () => 0, after: () => ({ close() {} }) };
      const path = '/nonexistent/iwf.db';
      const store = await openStore({ kind: 'sqlite', path, allowVolatile: ${allowVolatile}, clock, log })
        .catch((error) => console.log(error.message));
      if (store) { console.log(store.kind, store.durable, await store.commit({})); await store.close(); }`;
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--import',
      dataUrl(register),
      '--input-type=module',
      '--eval',
      script,
    ]);
    return stdout;
  }

  it('goes on in memory, and says loudly that it does', async () => {
    const said = await openWithout(true);
    expect(said).to.include('warn STORE IS NOT DURABLE').and.include('Could not locate the bindings file');
    expect(said).to.include('volatile false true');
  });

  it('refuses to start where that is not allowed, and says what to do', async () => {
    const said = await openWithout(false);
    expect(said).to.include('better-sqlite3 cannot run here').and.include('npm ci').and.include('store.allowVolatile');
  });
});

function dataUrl(source: string): string {
  return `data:text/javascript,${encodeURIComponent(source)}`;
}
