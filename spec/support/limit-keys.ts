/** Which keys of the configuration bound something: how many, how large. */
import { isListForm, isObjectForm, type Form } from '../../lib/config/form.js';

/** Whole paths, e.g. `msrp.maxSessions`. What stands in a list (platforms, routes) has its default elsewhere. */
export function limitKeys(form: Form, path: readonly string[] = []): readonly string[] {
  if (isListForm(form) || !isObjectForm(form)) return [];
  return Object.entries(form.properties).flatMap(([key, inner]) => {
    const at = [...path, key];
    return isNumber(inner) && isLimit(at) ? [at.join('.')] : limitKeys(inner, at);
  });
}

export function formAt(form: Form, key: string): Form | undefined {
  return key.split('.').reduce<Form | undefined>((at, step) => {
    return at && isObjectForm(at) ? at.properties[step] : undefined;
  }, form);
}

function isNumber(form: Form): boolean {
  return 'minimum' in form;
}

function isLimit(path: readonly string[]): boolean {
  const key = path.at(-1) ?? '';
  // The longest wait between two tries is a time of its own.
  if (path.includes('backoff')) return false;
  return (
    path[0] === 'limits' ||
    path.includes('parallel') ||
    /^max[A-Z]|Per(Bot|Lane|Conversation)$|^conversations$/.test(key)
  );
}
