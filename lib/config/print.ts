/** The configuration as it is run, as YAML that can be read in again, but for its secrets, which are masked. */
import { stringify } from 'yaml';
import type { CompleteConfig } from './complete.js';
import { isListForm, isObjectForm, type Form } from './form.js';
import { isTree } from './path.js';
import { configSchema } from './schema.js';

const mask = '********';

export function printMasked(config: CompleteConfig): string {
  return stringify(masked(configSchema, config), { lineWidth: 0 });
}

function masked(form: Form | undefined, value: unknown): unknown {
  if (form && isListForm(form) && Array.isArray(value)) return value.map((item) => masked(form.items, item));
  if (form?.secret === 'whole') return mask;
  if (form?.secret === 'password') return withoutPassword(String(value));
  if (!form || !isObjectForm(form) || !isTree(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, masked(form.properties[key], inner)]));
}

function withoutPassword(url: string): string {
  if (!URL.canParse(url)) return mask;
  const parsed = new URL(url);
  if (parsed.password !== '') parsed.password = mask;
  return parsed.href;
}
