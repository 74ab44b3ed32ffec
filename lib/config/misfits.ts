/**
 * What of a value does not fit its form. The forms are few and each is judged once: walking them takes no time, where
 * compiling a validator of JSON schema took a third of a start.
 */
import {
  isListForm,
  isMapForm,
  isObjectForm,
  type Form,
  type ListForm,
  type MapForm,
  type NumberForm,
  type ObjectForm,
  type TextForm,
} from './form.js';
import { isTree, type Path, type Tree } from './path.js';

/** What is wrong with a value itself. */
type Fault = 'type' | 'enum' | 'minimum' | 'maximum' | 'maxLength' | 'minItems' | 'maxItems' | 'pattern';

export type Misfit = { readonly path: Path; readonly form: Form; readonly value: unknown } & (
  | { readonly kind: Fault }
  /** Of an object at `path`. */
  | { readonly kind: 'unknown key' | 'missing key' | 'bad name'; readonly key: string }
);

/** All of them: those of an object, then those of its members. */
export function misfits(value: unknown, form: Form, path: Path = []): readonly Misfit[] {
  if (isListForm(form) && Array.isArray(value)) return ofList(value, form, path);
  if (isObjectForm(form) && isTree(value)) return ofObject(value, form, path);
  if (isMapForm(form) && isTree(value)) return ofMap(value, form, path);
  return faults(value, form).map((kind) => ({ kind, path, form, value }));
}

function faults(value: unknown, form: Form): readonly Fault[] {
  if ('enum' in form) return form.enum.some((one) => one === value) ? [] : ['enum'];
  switch (form.type) {
    case 'string':
      return typeof value === 'string' ? ofText(value, form) : ['type'];
    case 'integer':
    case 'number':
      return typeof value === 'number' && Number.isFinite(value) ? ofNumber(value, form) : ['type'];
    case 'boolean':
      return typeof value === 'boolean' ? [] : ['type'];
    case 'array':
    case 'object':
      return ['type'];
  }
}

function ofText(value: string, { pattern, minLength = 0, maxLength, not }: TextForm): readonly Fault[] {
  // As the operator counts: an emoji is one.
  const { length } = Array.from(value);
  const fits = (form: string): boolean => new RegExp(form, 'u').test(value);
  const isOfPattern = length >= minLength && !fits(not.pattern) && (pattern === undefined || fits(pattern));
  return [...(length > maxLength ? ['maxLength' as const] : []), ...(isOfPattern ? [] : ['pattern' as const])];
}

function ofNumber(value: number, { type, minimum, maximum }: NumberForm): readonly Fault[] {
  if (type === 'integer' && !Number.isInteger(value)) return ['type'];
  if (value < minimum) return ['minimum'];
  return value > maximum ? ['maximum'] : [];
}

function ofList(value: readonly unknown[], form: ListForm, path: Path): readonly Misfit[] {
  const { items, minItems = 0, maxItems } = form;
  const own: Misfit[] = [];
  if (value.length < minItems) own.push({ kind: 'minItems', path, form, value });
  if (value.length > maxItems) own.push({ kind: 'maxItems', path, form, value });
  return [...own, ...value.flatMap((item, index) => misfits(item, items, [...path, index]))];
}

function ofObject(value: Tree, form: ObjectForm, path: Path): readonly Misfit[] {
  const of = (kind: 'unknown key' | 'missing key', key: string): Misfit => ({ kind, key, path, form, value });
  const required = form.required.map(String);
  const missing = required.filter((key) => !Object.hasOwn(value, key) || value[key] === undefined);
  const unknown = Object.keys(value).filter((key) => !Object.hasOwn(form.properties, key));
  const within = Object.entries(form.properties).flatMap(([key, member]) =>
    Object.hasOwn(value, key) && value[key] !== undefined ? misfits(value[key], member, [...path, key]) : [],
  );
  return [...missing.map((key) => of('missing key', key)), ...unknown.map((key) => of('unknown key', key)), ...within];
}

function ofMap(value: Tree, form: MapForm, path: Path): readonly Misfit[] {
  const name = new RegExp(form.propertyNames.pattern, 'u');
  const bad = Object.keys(value).filter((key) => !name.test(key));
  return [
    ...bad.map((key): Misfit => ({ kind: 'bad name', key, path, form, value })),
    ...Object.entries(value).flatMap(([key, item]) => misfits(item, form.additionalProperties, [...path, key])),
  ];
}
