/** Logging as events with fields; masking and output are the implementation's affair. */
import { randomBytes } from 'node:crypto';
import { Writable } from 'node:stream';
import winston from 'winston';
import { jsonLine, readableLine, type Entry } from './log/line.js';
import { numberMask, type Mask } from './log/mask-numbers.js';
import { printableFields } from './log/printable.js';

export type Fields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(event: string, fields?: Fields): void;
  info(event: string, fields?: Fields): void;
  warn(event: string, fields?: Fields): void;
  error(event: string, fields?: Fields): void;
}

export interface LogOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** auto: readable lines on a terminal, else JSON. */
  readonly format: 'auto' | 'json' | 'line';
  readonly maskNumbers: boolean;
  /** 64 hexadecimal digits; absent: random. */
  readonly pseudonymKey?: string;
}

type Level = LogOptions['level'];

const levels: Readonly<Record<Level, number>> = { error: 0, warn: 1, info: 2, debug: 3 };

/** Who did what, where no file has it: written whatever the level. */
const auditEvent = 'audit';

/** The lines are ours: winston's own format would print every entry as JSON a second time, for nobody. */
const asIs = winston.format((info) => info)();

/** Lines go to `output`, one for each event. Never throws, whatever the fields. */
export function createLogger(options: LogOptions, output: NodeJS.WritableStream = process.stdout): Logger {
  const mask = options.maskNumbers ? maskOf(options) : (text: string) => text;
  const lineOf = isReadable(options, output) ? readableLine : jsonLine;
  const logger = winston.createLogger({ levels: { ...levels }, level: 'debug', format: asIs });
  logger.pipe(entryWriter((entry) => output.write(`${lineOf(entry)}\n`)));
  const write = (level: Level, event: string, fields: Fields = {}): void => {
    if (levels[level] > levels[options.level] && event !== auditEvent) return;
    logger.log({ level, message: '', entry: entryOf({ level, event, fields }, mask) });
  };
  return {
    debug: (event, fields) => write('debug', event, fields),
    info: (event, fields) => write('info', event, fields),
    warn: (event, fields) => write('warn', event, fields),
    error: (event, fields) => write('error', event, fields),
  };
}

function entryWriter(write: (entry: Entry) => void): Writable {
  return new Writable({
    objectMode: true,
    write({ entry }: { readonly entry: Entry }, _encoding, done) {
      write(entry);
      done();
    },
  });
}

/** Of this process: what it masks in different places has the same pseudonym. */
const randomKey = randomBytes(32);

/** Numbers as the log shows them. */
export function maskOf({ pseudonymKey }: Pick<LogOptions, 'pseudonymKey'>): Mask {
  return numberMask(pseudonymKey === undefined ? randomKey : Buffer.from(pseudonymKey, 'hex'));
}

function isReadable({ format }: LogOptions, output: NodeJS.WritableStream): boolean {
  return format === 'line' || (format === 'auto' && 'isTTY' in output && output.isTTY === true);
}

function entryOf({ level, event, fields }: { level: Level; event: string; fields: Fields }, mask: Mask): Entry {
  const time = new Date().toISOString();
  try {
    return { time, level, event: mask(event), fields: printableFields(fields, mask) };
  } catch {
    // A proxy or a toString of its own can still throw: the event counts, not what adorns it.
    return { time, level, event: mask(event), fields: { fields: '[unprintable]' } };
  }
}
