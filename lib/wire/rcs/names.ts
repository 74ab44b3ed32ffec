/** RCS documents whose element names no public specification fixes: found by local names, whatever their case, hyphens and depth. */
import { DecodeError } from '../decode-error.js';
import { oneOf, type XmlElement } from '../xml.js';

/** A text or attribute value of a document, with the local names that it stands under. */
export interface NamedValue {
  readonly element: string;
  /** Undefined for the element's own text. */
  readonly attribute: string | undefined;
  /** Trimmed, never empty. */
  readonly value: string;
}

/** Every value of a document, outer elements first, in their order; declarations of namespaces are none. */
export function namedValues(root: XmlElement): readonly NamedValue[] {
  const own = { element: root.local, attribute: undefined, value: root.text.trim() };
  const attributes = root.attributes
    .filter(({ name }) => name !== 'xmlns' && !name.startsWith('xmlns:') && !name.startsWith('xsi:'))
    .map((a) => ({ element: root.local, attribute: a.local, value: a.value.trim() }));
  const here = [own, ...attributes].filter(({ value }) => value !== '');
  return [...here, ...root.children.flatMap(namedValues)];
}

/** The value whose element or attribute has that name. Throws DecodeError (`codec`, the name) where two of them differ. */
export function valueNamed(values: readonly NamedValue[], name: string, codec: string): string | undefined {
  const named = values.filter((v) => sameWord(v.attribute ?? v.element, name)).map(({ value }) => value);
  return oneOf(named, name, codec);
}

/** `Message-ID`, `messageid` and `message_id` are one name. */
export function sameWord(a: string, b: string): boolean {
  return word(a) === word(b);
}

/** A word of a configured vocabulary that is to stand as an element's name. Throws DecodeError. */
export function elementName(name: string, codec: string): string {
  if (!/^[A-Za-z_][\w.-]*$/.test(name)) throw new DecodeError(codec, 'vocabulary', 'not the name of an element');
  return name;
}

function word(name: string): string {
  return name.replace(/[-_]/g, '').toLowerCase();
}
