/** {slots}: what is random in a golden message. The first that is heard binds, every other must say the same. */

export type Bindings = Map<string, string>;

const slot = /\{([a-z][A-Za-z0-9]*)\}/g;

/** What a slot may stand for, by the beginning of its name; any other is a token. */
const shapes: readonly (readonly [start: string, shape: string])[] = [
  ['dateTime', String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,7})?(?:Z|[+-]\d\d:\d\d)`],
  ['date', String.raw`[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT`],
  ['uuid', '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'],
  ['seconds', String.raw`\d{1,10}`],
  ['port', String.raw`\d{1,5}`],
];
const token = String.raw`[A-Za-z0-9._~!*+=-]{1,200}`;

/** Throws where a slot has no value: what is said to the gateway holds only what is known. */
export function fill(template: string, bindings: Bindings): string {
  return template.replace(slot, (_, name: string) => {
    const value = bindings.get(name);
    if (value === undefined) throw new Error(`nothing has bound {${name}}`);
    return value;
  });
}

/** The template as the gateway should have said it: free slots are bound by lines of `said` that fit, the rest stays as it is. */
export function bind(template: string, said: string, bindings: Bindings): string {
  const lines = said.split('\n');
  return template
    .split('\n')
    .map((line, at) => bindLine(line, lines[at] ?? '', bindings))
    .join('\n');
}

function bindLine(line: string, said: string, bindings: Bindings): string {
  const names: string[] = [];
  const pattern = line.split(slot).map((part, at) => (at % 2 === 0 ? escaped(part) : place(part, names, bindings)));
  const found = new RegExp(`^${pattern.join('')}$`).exec(said);
  if (found) names.forEach((name, at) => bindings.set(name, found[at + 1] ?? ''));
  return line.replace(slot, (whole, name: string) => bindings.get(name) ?? whole);
}

/** Of a slot in a regular expression; `names` are those captured so far in its line. */
function place(name: string, names: string[], bindings: Bindings): string {
  const value = bindings.get(name);
  if (value !== undefined) return escaped(value);
  const before = names.indexOf(name);
  if (before >= 0) return `\\${before + 1}`;
  names.push(name);
  return `(${shapes.find(([start]) => name.startsWith(start))?.[1] ?? token})`;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, String.raw`\$&`);
}
