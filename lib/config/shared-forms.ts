/** The configuration's schema with each form written once: what stands in several places is compiled once and referred to. */
import type { Form, ObjectForm } from './form.js';

/** JSON schema; forms that are the same object are one definition. */
export function withDefinitions(root: ObjectForm): Readonly<Record<string, unknown>> {
  const places = countPlaces(root);
  const names = new Map<Form, string>();
  const definitions: Record<string, unknown> = {};

  function refer(form: Form): unknown {
    if (places.get(form) === 1) return write(form);
    const known = names.get(form);
    const name = known ?? `form${names.size}`;
    if (known === undefined) {
      names.set(form, name);
      definitions[name] = write(form);
    }
    return { $ref: `#/$defs/${name}` };
  }

  function write(form: Form): Readonly<Record<string, unknown>> {
    return Object.fromEntries(
      Object.entries(form).map(([key, value]: [string, unknown]) => [key, writtenPart(form, key, value)]),
    );
  }

  function writtenPart(form: Form, key: string, value: unknown): unknown {
    if (key === 'properties' && 'properties' in form)
      return Object.fromEntries(Object.entries(form.properties).map(([name, inner]) => [name, refer(inner)]));
    if (key === 'items' && 'items' in form) return refer(form.items);
    if (key === 'additionalProperties' && 'propertyNames' in form) return refer(form.additionalProperties);
    return value;
  }

  return { ...write(root), $defs: definitions };
}

function countPlaces(root: Form): ReadonlyMap<Form, number> {
  const places = new Map<Form, number>();
  const count = (form: Form): void => {
    const seen = places.get(form) ?? 0;
    places.set(form, seen + 1);
    if (seen === 0) for (const inner of innerForms(form)) count(inner);
  };
  count(root);
  return places;
}

function innerForms(form: Form): readonly Form[] {
  if ('properties' in form) return Object.values(form.properties);
  if ('items' in form) return [form.items];
  return 'propertyNames' in form ? [form.additionalProperties] : [];
}
