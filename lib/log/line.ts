/** One log line: JSON for machines, or one readable line for a terminal. */

export interface Entry {
  readonly time: string;
  readonly level: string;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

const reservedNames = ['time', 'level', 'event'];

/** A field with the name of a column gets an underscore. */
export function jsonLine({ time, level, event, fields }: Entry): string {
  const columns = `{"time":"${time}","level":"${level}","event":${JSON.stringify(event)}`;
  const rest = JSON.stringify(reservedNames.some((name) => name in fields) ? renamed(fields) : fields);
  return rest === '{}' ? `${columns}}` : `${columns},${rest.slice(1)}`;
}

function renamed(fields: Entry['fields']): Entry['fields'] {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [reservedNames.includes(name) ? `${name}_` : name, value]),
  );
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
