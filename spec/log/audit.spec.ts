import { expect } from 'chai';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { createLogger } from '../../lib/log.js';
import { type AuditOptions, type AuditTrail, openAudit } from '../../lib/log/audit.js';
import { numberMask } from '../../lib/log/mask-numbers.js';
import { KeptLog } from '../end-to-end/kept-log.js';
import { FakeClock } from '../support/fake-clock.js';

const dayMs = 86_400_000;
const entry = { actor: 'platform shop', action: 'create subscription', object: 's1', result: 'done' };

describe('the audit log', () => {
  let folder: string;
  let clock: FakeClock;
  let log: KeptLog;
  let counts: string[];
  let trail: AuditTrail;

  const open = (more: Partial<AuditOptions> = {}): void => {
    trail = openAudit({
      path: join(folder, 'audit'),
      days: 30,
      maxBytesPerDay: 1_000_000,
      mask: numberMask(Buffer.from('key')),
      clock,
      log,
      metrics: {
        count: (name, labels) => void counts.push(`${name} ${labels?.['limit'] ?? ''}`),
        observe: () => undefined,
      },
      ...more,
    });
  };
  const files = (): readonly string[] => readdirSync(join(folder, 'audit')).sort();
  const read = (day: string): readonly unknown[] =>
    readFileSync(join(folder, 'audit', `audit-${day}.jsonl`), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line));

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'maap-iwf-audit-'));
    clock = new FakeClock(Date.UTC(2026, 10, 22, 10));
    log = new KeptLog();
    counts = [];
  });
  afterEach(async () => {
    await trail.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is one JSON line for each deed, in a file of the day that its owner alone can read', async () => {
    open();
    trail.note(entry);
    trail.note({ actor: 'admin 127.0.0.1', action: 'GET /trace/tel%3A%2B15550100001', result: '200' });
    await clock.advance(dayMs);
    trail.note({ ...entry, action: 'remove subscription', details: { bot: 'sip:shop@bots.example' } });
    await trail.close();
    expect(read('2026-11-22')[0]).to.deep.equal({ time: '2026-11-22T10:00:00.000Z', ...entry });
    const second = JSON.stringify(read('2026-11-22')[1]);
    expect(second).to.match(/GET \/trace\/tel%3A%2B1\*+01~[0-9a-f]{10}"/);
    expect(read('2026-11-23')).to.have.length(1);
    expect(statSync(join(folder, 'audit', 'audit-2026-11-22.jsonl')).mode & 0o777).to.equal(0o600);
  });

  it('goes on in the file of the day after a restart', async () => {
    for (const object of ['s1', 's2']) {
      open();
      trail.note({ ...entry, object });
      await trail.close();
    }
    expect(read('2026-11-22').map((line) => (line as { object: string }).object)).to.deep.equal(['s1', 's2']);
  });

  it('holds nothing that a terminal obeys', async () => {
    open();
    trail.note({ ...entry, object: 'a\u009b2Jb\u0085c\u2028d\u202e' });
    await trail.close();
    const text = readFileSync(join(folder, 'audit', 'audit-2026-11-22.jsonl'), 'utf8');
    expect(text).to.include('a\\u009b2Jb\\u0085c\\u2028d\\u202e');
  });

  it('forgets what is older than its retention, and nothing else in the folder', async () => {
    open();
    await trail.close();
    for (const name of ['audit-2026-10-22.jsonl', 'audit-2026-10-23.jsonl', 'audit-x.jsonl', 'other.txt']) {
      writeFileSync(join(folder, 'audit', name), '');
    }
    open();
    expect(files()).to.deep.equal(['audit-2026-10-23.jsonl', 'audit-x.jsonl', 'other.txt']);
    await clock.advance(dayMs);
    expect(files()).to.deep.equal(['audit-x.jsonl', 'other.txt']);
  });

  it('beyond its size for the day goes to the log, and is counted [audit.maxBytesPerDay]', async () => {
    open({ maxBytesPerDay: 250 });
    for (const object of ['s1', 's2', 's3']) trail.note({ ...entry, object });
    await trail.close();
    expect(read('2026-11-22')).to.have.length(2);
    expect(log.lines).to.deep.equal([{ event: 'audit', fields: { ...entry, object: 's3' } }]);
    expect(counts).to.deep.equal(['limit_reached_total audit.maxBytesPerDay']);
    open({ maxBytesPerDay: 250 });
    trail.note(entry);
    await trail.close();
    expect(read('2026-11-22')).to.have.length(2);
  });

  it('has no more of a path or an id than tells them apart', async () => {
    for (const path of [join(folder, 'audit'), undefined]) {
      open({ path });
      trail.note({ ...entry, action: `GET /${'a'.repeat(8_000)}`, object: 'b'.repeat(8_000) });
      await trail.close();
    }
    const kept = { ...entry, action: `GET /${'a'.repeat(251)}…`, object: `${'b'.repeat(256)}…` };
    expect(read('2026-11-22')).to.deep.equal([{ time: '2026-11-22T10:00:00.000Z', ...kept }]);
    expect(log.lines).to.deep.equal([{ event: 'audit', fields: kept }]);
  });

  it('is an event of the log where no folder is configured', async () => {
    open({ path: undefined });
    trail.note(entry);
    await trail.close();
    expect(log.lines).to.deep.equal([{ event: 'audit', fields: entry }]);
  });

  it('loses no entry to a disk that is full, and goes on in the file once there is room', async () => {
    open();
    const name = join(folder, 'audit', 'audit-2026-11-22.jsonl');
    // Every write to it is ENOSPC.
    symlinkSync('/dev/full', name);
    for (const object of ['s1', 's2']) trail.note({ ...entry, object });
    for (const object of ['s1', 's2']) await log.waitFor('audit', (fields) => fields['object'] === object);
    expect((await log.waitFor('audit file failed'))['error']).to.include('ENOSPC');
    expect(log.lines.map(({ event }) => event)).to.have.members(['audit file failed', 'audit', 'audit']);
    rmSync(name);
    // Not at once again.
    trail.note({ ...entry, object: 's3' });
    await log.waitFor('audit', (fields) => fields['object'] === 's3');
    await clock.advance(1_000);
    trail.note({ ...entry, object: 's4' });
    await trail.close();
    expect(read('2026-11-22')).to.deep.equal([{ time: '2026-11-22T10:00:01.000Z', ...entry, object: 's4' }]);
    expect(counts).to.deep.equal(Array.from({ length: 3 }, () => 'audit_failures_total '));
  });

  it('begins a line of its own where the last one was not written whole', async () => {
    open();
    const name = join(folder, 'audit', 'audit-2026-11-22.jsonl');
    writeFileSync(name, '{"time":"2026');
    trail.note(entry);
    await trail.close();
    expect(readFileSync(name, 'utf8')).to.match(/^\{"time":"2026\n\{"time":"2026-11-22T10:00:00\.000Z",.*\}\n$/);
  });

  it('is written whatever the level of the log where no folder is configured', async () => {
    const lines: string[] = [];
    const output = new PassThrough().on('data', (chunk: Buffer) => lines.push(chunk.toString()));
    const quiet = createLogger({ level: 'error', format: 'json', maskNumbers: true }, output);
    open({ path: undefined, log: quiet });
    trail.note(entry);
    quiet.warn('anything else');
    await trail.close();
    expect(lines).to.have.length(1);
    expect(JSON.parse(lines[0]!)).to.deep.include({ level: 'info', event: 'audit', ...entry });
  });

  it('says so and goes on where the file cannot be written', async () => {
    open();
    rmSync(join(folder, 'audit'), { recursive: true });
    trail.note(entry);
    await log.waitFor('audit file failed');
    trail.note(entry);
    await log.waitFor('audit');
  });
});
