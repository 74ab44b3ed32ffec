/** One log line: JSON for machines, or one readable line for a terminal. */

export interface Entry {
  readonly time: string;
  readonly level: string;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

const reserved = new Set(['time', 'level', 'event']);

/** A field with the name of a column gets an underscore. */
export function jsonLine({ time, level, event, fields }: Entry): string {
  const line: Record<string, unknown> = { time, level, event };
  for (const name of Object.keys(fields)) line[reserved.has(name) ? `${name}_` : name] = fields[name];
  return JSON.stringify(line);
}

export function readableLine({ time, level, event, fields }: Entry): string {
  const shown = Object.entries(fields).filter(([, value]) => value !== undefined);
  const words = shown.map(([name, value]) => `${plain(name)}=${plain(value)}`);
  return [time.slice(11, 23), level.padEnd(5), plain(event, / /g), ...words].join(' ');
}

/** Texts without blanks or control characters stand as they are; the rest as JSON, so that no value can forge a line. */
function plain(value: unknown, allowed = /(?!)/g): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (typeof value !== 'string') return text;
  return /^[\p{L}\p{N}\p{P}\p{S}]+$/u.test(text.replace(allowed, '')) ? text : JSON.stringify(text);
}
