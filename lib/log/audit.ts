/** The audit log: who did what to what, and with which result; a file for each day (UTC), or events of the log. */
import { createWriteStream, mkdirSync, readdirSync, rmSync, statSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import type { Clock, Timer } from '../clock.js';
import type { Logger } from '../log.js';
import type { Metrics } from '../metrics.js';

export interface AuditEntry {
  /** `admin 127.0.0.1`, `platform shop`, `gateway`. */
  readonly actor: string;
  /** `subscription created`, `GET /dead-letters` … */
  readonly action: string;
  /** What it was done to: an id or a bot, never a secret. */
  readonly object?: string | undefined;
  /** `done`, a status, or a reason. */
  readonly result: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

export type Audit = (entry: AuditEntry) => void;

export interface AuditTrail {
  readonly note: Audit;
  /** Writes what is pending; idempotent. */
  close(): Promise<void>;
}

export interface AuditOptions {
  /** A folder; absent: entries are events of the log. */
  readonly path?: string | undefined;
  /** Files older than so many days are removed. */
  readonly days: number;
  /** Of one day's file; beyond, entries are events of the log. */
  readonly maxBytesPerDay: number;
  /** Makes numbers unreadable. */
  readonly mask: (text: string) => string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** How often old files are looked for. */
const sweepMs = 3_600_000;
/** Not yet on disk; beyond, the disk hangs. */
const maxPendingBytes = 1_048_576;
const dayMs = 86_400_000;

/** Throws the system's error where the folder cannot be made. */
export function openAudit(options: AuditOptions): AuditTrail {
  const { path, log } = options;
  return path === undefined
    ? { note: (entry) => log.info('audit', { ...entry }), close: () => Promise.resolve() }
    : openFiles(path, options);
}

interface DayFile {
  readonly day: string;
  readonly stream: WriteStream;
  bytes: number;
}

function openFiles(path: string, { days, maxBytesPerDay, mask, clock, log, metrics }: AuditOptions): AuditTrail {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  let file: DayFile | undefined;
  let timer: Timer;
  let closing: Promise<void> | undefined;

  const fileOf = (day: string): DayFile => {
    if (file?.day === day) return file;
    file?.stream.end();
    file = openDay(path, day, (error) => log.error('audit file failed', { error: String(error) }));
    return file;
  };
  const sweep = (): void => {
    try {
      removeOld(path, dayOf(clock.now() - days * dayMs));
    } catch (error) {
      log.error('old audit files not removed', { error: String(error) });
    }
    timer = clock.after(sweepMs, sweep);
  };
  sweep();
  return {
    note(entry) {
      const time = new Date(clock.now()).toISOString();
      const line = Buffer.from(`${mask(JSON.stringify({ time, ...entry }))}\n`);
      const { stream, bytes } = fileOf(dayOf(clock.now()));
      const fits = bytes + line.length <= maxBytesPerDay && stream.writableLength < maxPendingBytes;
      if (closing === undefined && fits && stream.writable) {
        stream.write(line);
        if (file) file.bytes += line.length;
      } else {
        metrics.count('limit_reached_total', { limit: 'audit.maxBytesPerDay' });
        log.warn('audit', { ...entry });
      }
    },
    close() {
      timer.close();
      const stream = file?.stream;
      closing ??= new Promise((resolve) => {
        if (!stream?.writable) resolve();
        else stream.end(() => resolve());
      });
      return closing;
    },
  };
}

function openDay(path: string, day: string, onError: (error: unknown) => void): DayFile {
  const name = join(path, nameOf(day));
  const bytes = statSync(name, { throwIfNoEntry: false })?.size ?? 0;
  const stream = createWriteStream(name, { flags: 'a', mode: 0o600 });
  stream.on('error', onError);
  return { day, stream, bytes };
}

function removeOld(path: string, before: string): void {
  for (const name of readdirSync(path)) {
    const day = /^audit-(\d{4}-\d{2}-\d{2})\.jsonl$/.exec(name)?.[1];
    if (day !== undefined && day < before) rmSync(join(path, name));
  }
}

/** `2026-11-22` */
function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

function nameOf(day: string): string {
  return `audit-${day}.jsonl`;
}
