/** The audit log: who did what to what, and with which result; a file for each day (UTC), or events of the log. */
import { closeSync, createWriteStream, fstatSync, openSync } from 'node:fs';
import { readdirSync, readSync, rmSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import type { Clock, Timer } from '../clock.js';
import { makeFolder } from '../folder.js';
import type { Logger } from '../log.js';
import type { Metrics } from '../metrics.js';
import { plainJson } from './line.js';

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
/** A file that failed is opened again after so long. */
const reopenMs = 1_000;
const dayMs = 86_400_000;

/** Throws the system's error where the folder cannot be made. */
export function openAudit(options: AuditOptions): AuditTrail {
  const { path, log } = options;
  return path === undefined
    ? { note: (entry) => log.info('audit', { ...bounded(entry) }), close: () => Promise.resolve() }
    : openFiles(path, options);
}

interface DayFile {
  readonly day: string;
  readonly stream: WriteStream;
  bytes: number;
}

/** Of what others word: a path may be as long as a request's head. */
const maxTextLength = 256;

function bounded(entry: AuditEntry): AuditEntry {
  const { action, object } = entry;
  return { ...entry, action: cut(action), ...(object === undefined ? {} : { object: cut(object) }) };
}

function cut(text: string): string {
  return text.length > maxTextLength ? `${text.slice(0, maxTextLength)}…` : text;
}

type Fate = 'written' | 'too much' | 'failed';

function openFiles(path: string, { days, maxBytesPerDay, mask, clock, log, metrics }: AuditOptions): AuditTrail {
  makeFolder(path);
  let file: DayFile | undefined;
  let rest: Timer | undefined;
  let timer: Timer;
  let closing: Promise<void> | undefined;

  const onError = (error: unknown): void => {
    log.error('audit file failed', { error: String(error) });
    file = undefined;
    rest ??= clock.after(reopenMs, () => (rest = undefined));
  };
  const fileOf = (day: string): DayFile | undefined => {
    if (file?.day === day) return file;
    file?.stream.end();
    try {
      file = openDay(path, day);
      file.stream.on('error', onError);
    } catch (error) {
      onError(error);
    }
    return file;
  };
  /** Neither file nor memory has it: it goes to the log. */
  const lost = (entry: AuditEntry): void => {
    metrics.count('audit_failures_total');
    log.warn('audit', { ...entry });
  };
  const write = (entry: AuditEntry, nowMs: number): Fate => {
    const to = closing || rest ? undefined : fileOf(dayOf(nowMs));
    if (!to?.stream.writable || to.stream.writableLength >= maxPendingBytes) return 'failed';
    const line = Buffer.from(`${mask(plainJson({ time: new Date(nowMs).toISOString(), ...entry }))}\n`);
    if (to.bytes + line.length > maxBytesPerDay) return 'too much';
    to.bytes += line.length;
    to.stream.write(line, (error) => error && lost(entry));
    return 'written';
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
    note(written) {
      const entry = bounded(written);
      const fate = write(entry, clock.now());
      if (fate === 'failed') lost(entry);
      if (fate !== 'too much') return;
      metrics.count('limit_reached_total', { limit: 'audit.maxBytesPerDay' });
      log.warn('audit', { ...entry });
    },
    close() {
      timer.close();
      rest?.close();
      const stream = file?.stream;
      closing ??= new Promise((resolve) => {
        if (!stream?.writable) resolve();
        else stream.end(() => resolve());
      });
      return closing;
    },
  };
}

/** Throws the system's error. */
function openDay(path: string, day: string): DayFile {
  const name = join(path, nameOf(day));
  const fd = openSync(name, 'a+', 0o600);
  try {
    const bytes = fstatSync(fd).size;
    const last = Buffer.alloc(1, '\n');
    if (bytes > 0) readSync(fd, last, 0, 1, bytes - 1);
    const stream = createWriteStream(name, { fd });
    // Half a line, of a disk that was full or a process that was killed, is no part of the next one.
    if (last.toString() !== '\n') stream.write('\n');
    return { day, stream, bytes };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
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
