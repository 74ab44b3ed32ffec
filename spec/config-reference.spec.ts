/** config/default.yaml is the reference: it holds every key of the schema, and a reason for what is not plain. */
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { isListForm, isObjectForm, type Form } from '../lib/config/form.js';
import { defaultFile } from '../lib/config/load.js';
import { valueAt } from '../lib/config/path.js';
import { configSchema } from '../lib/config/schema.js';

const written = readFileSync(defaultFile, 'utf8');
/** The same with its commented-out keys in. */
const whole = written
  .split('\n')
  .map((line) => line.replace(/^( *)# ((?: {2})*(?:- )?[A-Za-z]+:)/, '$1$2'))
  .join('\n');

describe('config/default.yaml', () => {
  const defaults: unknown = parse(written);

  function* keys(form: Form, path: readonly string[] = []): Generator<{ path: readonly string[]; required: boolean }> {
    if (isListForm(form)) yield* keys(form.items, path);
    if (!isObjectForm(form)) return;
    for (const [key, inner] of Object.entries(form.properties)) {
      yield { path: [...path, key], required: form.required.includes(key) };
      yield* keys(inner, [...path, key]);
    }
  }

  const all = [...keys(configSchema)];

  it('names every key of the schema, live or commented out [IWF-1814]', () => {
    const missing = all.filter(({ path }) => !new RegExp(`(^|[ {#-])${path.at(-1)!}:`, 'm').test(whole));
    expect(missing.map(({ path }) => path.join('.'))).to.deep.equal([]);
  });

  it('gives a value to every key that the schema needs, but serverRoot and platforms', () => {
    const inLists = /^(platforms|sip\.routes)(\.|$)/;
    const without = all
      .filter(
        ({ path, required }) => required && !inLists.test(path.join('.')) && valueAt(defaults, path) === undefined,
      )
      .map(({ path }) => path.join('.'));
    // What is optional as a whole needs none for its members.
    expect(without.filter((name) => !name.includes('.tls.'))).to.deep.equal(['serverRoot']);
  });

  it('keeps every line within a screen', () => {
    expect(written.split('\n').filter((line) => line.length > 130)).to.deep.equal([]);
  });
});
