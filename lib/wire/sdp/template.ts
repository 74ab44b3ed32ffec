/** Fills a text of sdp-templates/: SDP with `{slots}`, one line for each value. */
import { DecodeError } from '../decode-error.js';

/** A list repeats its line for each of its values; an empty one leaves the line out. */
export type Slots = Readonly<Record<string, string | readonly string[]>>;

const slotForm = /\{([A-Za-z][A-Za-z0-9]*)\}/g;

/** CRLF, whatever the template has. Throws DecodeError on a slot without value, a value without slot, a line break in a value. */
export function fillTemplate(template: string, slots: Slots): string {
  const unused = new Set(Object.keys(slots));
  const lines = template.trimEnd().split(/\r?\n/);
  const filled = lines.flatMap((line, index) => {
    const names = [...line.matchAll(slotForm)].map(([, name = '']) => name);
    for (const name of names) {
      if (!Object.hasOwn(slots, name))
        throw new DecodeError('sdp-template', `line ${index + 1}`, `unknown slot {${name}}`);
      unused.delete(name);
    }
    return fillLine(line, names, slots);
  });
  const [first] = unused;
  if (first !== undefined) throw new DecodeError('sdp-template', `{${first}}`, 'the template has no such slot');
  return filled.map((line) => `${line}\r\n`).join('');
}

function fillLine(line: string, names: readonly string[], slots: Slots): readonly string[] {
  let lines: readonly string[] = [line];
  for (const name of new Set(names)) {
    const value = slots[name];
    const values = value === undefined || typeof value === 'string' ? [value ?? ''] : value;
    if (values.some((text) => /[\r\n]/.test(text)))
      throw new DecodeError('sdp-template', `{${name}}`, 'line break in a value');
    lines = lines.flatMap((text) => values.map((one) => text.split(`{${name}}`).join(one)));
  }
  return lines;
}
