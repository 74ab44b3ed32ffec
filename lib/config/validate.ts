/** A merged configuration against its schema; what fails is said in the operator's words, one line each. */
import { Ajv, type ErrorObject } from 'ajv';
import { ConfigError } from './config-error.js';
import { isListForm, isObjectForm, type Form } from './form.js';
import { printPath, valueAt, type Path } from './path.js';
import { configSchema, type WrittenConfig } from './schema.js';
import { withDefinitions } from './shared-forms.js';
import { suggestion } from './suggestion.js';

/** Where a value was written: `iwf.yaml:12`, `environment IWF_REST__PORT`. */
export type Place = (path: Path) => string;

// It judges once: better compiled quickly than run quickly. That the schema is one is for the specs.
const ajv = new Ajv({
  allErrors: true,
  verbose: true,
  strict: true,
  validateSchema: false,
  inlineRefs: false,
  code: { optimize: false },
});
ajv.addVocabulary(['secret']);
const validate = ajv.compile<WrittenConfig>(withDefinitions(configSchema));

/** Enough to mend a file by; a file that is something else altogether must not fill the screen. */
const maxLines = 20;

/** Throws ConfigError. */
export function validated(tree: unknown, place: Place): WrittenConfig {
  if (validate(tree)) return tree;
  const lines = (validate.errors ?? []).flatMap((error) => line(error, tree, place) ?? []);
  const shown = [...new Set(lines)];
  throw new ConfigError(
    shown.length > maxLines ? [...shown.slice(0, maxLines), `… and ${shown.length - maxLines} more`] : shown,
  );
}

/** Undefined for what another line says better. */
function line(error: ErrorObject, tree: unknown, place: Place): string | undefined {
  const path = pathOf(error.instancePath, tree);
  switch (error.keyword) {
    case 'additionalProperties':
      return unknownKey(path, (error.params as { additionalProperty: string }).additionalProperty, place);
    case 'required': {
      const missing = [...path, (error.params as { missingProperty: string }).missingProperty];
      return `${place(path)}: ${printPath(missing)}: required, but not given`;
    }
    case 'propertyNames':
      return `${place(path)}: ${printPath(path)}: ${JSON.stringify((error.params as { propertyName: string }).propertyName)} is not a header name`;
    default:
      if (error.propertyName !== undefined) return undefined;
      return `${place(path)}: ${printPath(path)}: must be ${wanted(error)}${found(error)}`;
  }
}

function unknownKey(path: Path, key: string, place: Place): string {
  const siblings = formAt(path);
  const near = siblings && isObjectForm(siblings) ? suggestion(key, Object.keys(siblings.properties)) : '';
  const elsewhere = near === '' ? homesOf(key)[0] : undefined;
  const hint = elsewhere === undefined ? near : ` (did you mean ${elsewhere}?)`;
  return `${place([...path, key])}: ${printPath([...path, key])}: unknown key${hint}`;
}

function wanted(error: ErrorObject): string {
  const form = error.parentSchema as Form;
  switch (error.keyword) {
    case 'type':
      return form.description ?? typeWords[String(error.schema)] ?? String(error.schema);
    case 'enum':
      return `one of ${(error.schema as readonly unknown[]).join(', ')}`;
    case 'minimum':
      return `at least ${String(error.schema)}`;
    case 'maximum':
      return `at most ${String(error.schema)}`;
    case 'maxLength':
      return `at most ${String(error.schema)} characters`;
    case 'minItems':
      return `a list of at least ${String(error.schema)}`;
    case 'maxItems':
      return `a list of at most ${String(error.schema)}`;
    default:
      return form.description ?? error.message ?? error.keyword;
  }
}

const typeWords: Readonly<Record<string, string>> = {
  integer: 'a whole number',
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
  array: 'a list',
  object: 'a section of keys',
};

function found(error: ErrorObject): string {
  const { secret } = error.parentSchema as Form;
  const value: unknown = error.data;
  if (value === null) return ', is empty';
  if (Array.isArray(value)) return `, is a list of ${value.length}`;
  if (typeof value === 'object') return ', is a section';
  if (secret !== undefined) return '';
  return `, is ${JSON.stringify(value).slice(0, 80)}`;
}

/** A JSON pointer as a path; indices of lists as numbers. */
function pathOf(pointer: string, tree: unknown): Path {
  const path: (string | number)[] = [];
  for (const token of pointer.split('/').slice(1)) {
    const step = token.replaceAll('~1', '/').replaceAll('~0', '~');
    path.push(Array.isArray(valueAt(tree, path)) ? Number(step) : step);
  }
  return path;
}

function formAt(path: Path): Form | undefined {
  return path.reduce<Form | undefined>((form, step) => {
    if (form && isListForm(form)) return form.items;
    return form && isObjectForm(form) ? form.properties[step] : undefined;
  }, configSchema);
}

/** The sections in which a key of that name exists, as whole paths, the outer ones first. */
function homesOf(key: string): readonly string[] {
  const depth = (path: string): number => path.split('.').length;
  return [...pathsTo(key, configSchema, [])].sort((a, b) => depth(a) - depth(b));
}

function* pathsTo(key: string, form: Form, steps: readonly string[]): Iterable<string> {
  if (isListForm(form)) yield* pathsTo(key, form.items, [...steps.slice(0, -1), `${steps.at(-1) ?? ''}[]`]);
  if (!isObjectForm(form)) return;
  if (steps.length > 0 && Object.hasOwn(form.properties, key)) yield [...steps, key].join('.');
  for (const [name, inner] of Object.entries(form.properties)) yield* pathsTo(key, inner, [...steps, name]);
}
