/** One log line: JSON for machines, or one readable line for a terminal. */

export interface Entry {
  readonly time: string;
  readonly level: string;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Not escaped by JSON: DEL and C1, which terminals obey, what some take for the end of a line, what turns the direction of what follows. */
const unseen = /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

/** JSON in which nothing acts on who looks at it. */
export function plainJson(value: unknown): string {
  return JSON.stringify(value).replace(unseen, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

const reservedNames = ['time', 'level', 'event'];

/** A field with the name of a column gets an underscore. */
export function jsonLine({ time, level, event, fields }: Entry): string {
  const columns = `{"time":"${time}","level":"${level}","event":${plainJson(event)}`;
  const rest = plainJson(reservedNames.some((name) => name in fields) ? renamed(fields) : fields);
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
  if (typeof value !== 'string') return plainJson(value);
  return /^[\p{L}\p{N}\p{P}\p{S}]+$/u.test(value.replace(allowed, '')) ? value : plainJson(value);
}
