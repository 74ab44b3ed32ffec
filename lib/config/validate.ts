/** A merged configuration against its schema; what fails is said in the operator's words, one line each. */
import { ConfigError } from './config-error.js';
import { isListForm, isObjectForm, type Form } from './form.js';
import { misfits, type Misfit } from './misfits.js';
import { printPath, type Path } from './path.js';
import { configSchema, type WrittenConfig } from './schema.js';
import { suggestion } from './suggestion.js';

/** Where a value was written: `iwf.yaml:12`, `environment IWF_REST__PORT`. */
export type Place = (path: Path) => string;

/** Enough to mend a file by; a file that is something else altogether must not fill the screen. */
const maxLines = 20;

/** Throws ConfigError. */
export function validated(tree: unknown, place: Place): WrittenConfig {
  const found = misfits(tree, configSchema);
  if (found.length === 0) return tree as WrittenConfig;
  const lines = found.map((misfit) => line(misfit, place));
  const shown = [...new Set(lines)];
  throw new ConfigError(
    shown.length > maxLines ? [...shown.slice(0, maxLines), `… and ${shown.length - maxLines} more`] : shown,
  );
}

function line(misfit: Misfit, place: Place): string {
  const { path } = misfit;
  switch (misfit.kind) {
    case 'unknown key':
      return unknownKey(path, misfit.key, place);
    case 'missing key':
      return `${place(path)}: ${printPath([...path, misfit.key])}: required, but not given`;
    case 'bad name':
      return `${place(path)}: ${printPath(path)}: ${JSON.stringify(misfit.key)} is not a header name`;
    default:
      return `${place(path)}: ${printPath(path)}: must be ${wanted(misfit)}${shown(misfit)}`;
  }
}

function unknownKey(path: Path, key: string, place: Place): string {
  const siblings = formAt(path);
  const near = siblings && isObjectForm(siblings) ? suggestion(key, Object.keys(siblings.properties)) : '';
  const elsewhere = near === '' ? homesOf(key)[0] : undefined;
  const hint = elsewhere === undefined ? near : ` (did you mean ${elsewhere}?)`;
  return `${place([...path, key])}: ${printPath([...path, key])}: unknown key${hint}`;
}

function wanted({ kind, form }: Misfit): string {
  if (kind === 'minimum' && 'minimum' in form) return `at least ${form.minimum}`;
  if (kind === 'maximum' && 'maximum' in form) return `at most ${form.maximum}`;
  if (kind === 'maxLength' && 'maxLength' in form) return `at most ${form.maxLength} characters`;
  if (kind === 'minItems' && isListForm(form)) return `a list of at least ${form.minItems ?? 0}`;
  if (kind === 'maxItems' && isListForm(form)) return `a list of at most ${form.maxItems}`;
  if ('enum' in form) return `one of ${form.enum.join(', ')}`;
  return form.description ?? typeWords[form.type];
}

const typeWords = {
  integer: 'a whole number',
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
  array: 'a list',
  object: 'a section of keys',
};

function shown({ form, value }: Misfit): string {
  if (form.secret !== undefined) return '';
  if (value === null) return ', is empty';
  if (Array.isArray(value)) return `, is a list of ${value.length}`;
  if (typeof value === 'object') return ', is a section';
  return `, is ${JSON.stringify(value).slice(0, 80)}`;
}

function formAt(path: Path): Form | undefined {
  return path.reduce<Form | undefined>((form, step) => {
    if (form && isListForm(form)) return form.items;
    return form && isObjectForm(form) ? form.properties[step] : undefined;
  }, configSchema);
}

/** The sections in which a key of that name exists, as whole paths. */
function homesOf(key: string): readonly string[] {
  return Object.entries(configSchema.properties).flatMap(([name, form]) =>
    isObjectForm(form) && Object.hasOwn(form.properties, key) ? [`${name}.${key}`] : [],
  );
}
