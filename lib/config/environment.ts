/** The environment's overlay: `IWF_SIP__PAGERMAXBYTES=2000` is sip.pagerMaxBytes, whatever its case in the schema. */
import { isListForm, isObjectForm, type Form } from './form.js';
import type { Path } from './path.js';
import { configSchema } from './schema.js';
import { suggestion } from './suggestion.js';

const prefix = 'IWF_';

/** What Kubernetes puts into every container of a namespace that has a service called iwf or iwf-…; never a key of ours. */
const serviceVariable =
  /^IWF(_[A-Z0-9]+)*_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9]+)*|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/;

export interface Assignment {
  readonly variable: string;
  readonly path: Path;
  readonly value: unknown;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** A list grows by one member after the other: the tenth comes behind the second. */
const byIndex = new Intl.Collator('en', { numeric: true });

/** Assignments in the order of their names, and a line for each variable that names no key or cannot be read. */
export function readEnvironment(env: Environment): { assignments: readonly Assignment[]; errors: readonly string[] } {
  const assignments: Assignment[] = [];
  const errors: string[] = [];
  for (const variable of Object.keys(env)
    .filter((name) => name.startsWith(prefix) && !serviceVariable.test(name))
    .sort(byIndex.compare)) {
    const read = readVariable(variable, env[variable] ?? '');
    if (typeof read === 'string') errors.push(`environment ${variable}: ${read}`);
    else assignments.push(read);
  }
  return { assignments, errors };
}

/** A text is what is wrong with it. */
function readVariable(variable: string, written: string): Assignment | string {
  const found = resolve(variable.slice(prefix.length).split('__'));
  if (typeof found === 'string') return found;
  try {
    return { variable, path: found.path, value: convert(found.form, written) };
  } catch {
    return 'must be JSON (an object, or a list of objects)';
  }
}

function resolve(steps: readonly string[]): { path: Path; form: Form } | string {
  const path: (string | number)[] = [];
  let form: Form = configSchema;
  for (const step of steps) {
    const next = below(form, step);
    if (!next) return `unknown key ${step}${isObjectForm(form) ? suggestion(step, Object.keys(form.properties)) : ''}`;
    path.push(next.step);
    form = next.form;
  }
  return { path, form };
}

function below(form: Form, step: string): { step: string | number; form: Form } | undefined {
  if (isListForm(form)) return /^[0-9]{1,5}$/.test(step) ? { step: Number(step), form: form.items } : undefined;
  if (!isObjectForm(form)) return undefined;
  const entry = Object.entries(form.properties).find(([key]) => key.toUpperCase() === step.toUpperCase());
  return entry && { step: entry[0], form: entry[1] };
}

/** What cannot be converted stays text: the schema then says what it should have been. */
function convert(form: Form, written: string): unknown {
  if ('enum' in form) return form.enum.find((value) => String(value) === written) ?? written;
  switch (form.type) {
    case 'string':
      return written;
    case 'integer':
    case 'number':
      return /^-?[0-9]+(\.[0-9]+)?$/.test(written) ? Number(written) : written;
    case 'boolean':
      return /^true$/i.test(written) ? true : /^false$/i.test(written) ? false : written;
    case 'array':
      return isObjectForm(form.items) ? (JSON.parse(written) as unknown) : convertList(form.items, written);
    case 'object':
      return JSON.parse(written) as unknown;
  }
}

function convertList(form: Form, written: string): readonly unknown[] {
  const items = written.split(',').map((item) => item.trim());
  return items.filter((item) => item !== '').map((item) => convert(form, item));
}
