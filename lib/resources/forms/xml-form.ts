/** Any resource or notification ↔ its OMA XML, by its schema: roots in the API's namespace, members unqualified, lists as repeated elements. */
import { ApiError } from '../api-error.js';
import { type ChatMessage, chatMessageSchema } from '../chat-message.js';
import { isRecord } from './dialects.js';
import { resourceRoots } from '../roots.js';
import { absoluteUri, type Schema } from './schema.js';
import { invalid } from './validator.js';
import { parseXmlText, xmlAttribute, xmlCanCarry, type XmlElement, xmlText } from './xml-text.js';

export function xmlNamespace(api: string): string {
  return `urn:oma:xml:rest:netapi:${api}:1`;
}

/**
 * `{root: {…}}` as the JSON dialect of quoted scalars has it, for the same parse functions to judge.
 * Throws SVC0002: part `XML` for what is no XML we read, else the part that cannot stand so.
 */
export function parseXml(text: string): Record<string, unknown> {
  const element = parseXmlText(text);
  const known = Object.hasOwn(resourceRoots, element.name) ? resourceRoots[element.name] : undefined;
  if (known === undefined) throw new ApiError('SVC0002', ['XML', 'unknown root element']);
  const namespace = xmlNamespace(known.api);
  if (element.namespace !== namespace) throw invalid(element.name, `is not in the namespace ${namespace}`);
  return { [element.name]: readElement(known.schema, element, { part: element.name, namespace }) };
}

interface Place {
  readonly part: string;
  readonly namespace: string;
}

function readElement(schema: Schema, element: XmlElement, place: Place): unknown {
  if (schema.type === 'object') return readMembers(schema, element, place);
  if (element.children.length > 0) throw invalid(place.part, 'has elements where a value belongs');
  return readValue(schema, element.text);
}

/** A value in the one spelling that JSON has of it: XML Schema 2 has several of most types. */
function readValue(schema: Schema, text: string): string {
  const isFree = schema.type === 'string' && schema.enum === undefined && schema.pattern !== absoluteUri;
  if (isFree) return text;
  // White space around what is no free text does not count (§4.3.6, collapse).
  const value = text.trim();
  switch (schema.type) {
    case 'boolean': // §3.2.2.1
      return value === '1' ? 'true' : value === '0' ? 'false' : value;
    case 'integer': // §3.3.13.1: a sign, leading zeros
      return value.replace(/^(?:\+|(-))?0*(?=[0-9])/, '$1');
    default:
      return value;
  }
}

function readMembers(schema: Schema, element: XmlElement, place: Place): Record<string, unknown> {
  if (element.text.trim() !== '') throw invalid(place.part, 'has text where elements belong');
  const read: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(schema.properties ?? {})) {
    if (member.xml?.attribute === true) {
      const value = element.attributes[name];
      if (value !== undefined) read[name] = value;
      continue;
    }
    const value = readMember(member, childrenOf(element, name, place), { ...place, part: `${place.part}.${name}` });
    if (value !== undefined) read[name] = value;
  }
  return read;
}

function readMember(member: Schema, found: readonly XmlElement[], place: Place): unknown {
  const [first, ...more] = found;
  if (first === undefined) return undefined;
  const items = member.type === 'array' ? member.items : undefined;
  if (items !== undefined) return found.map((one) => readElement(items, one, place));
  if (more.length > 0) throw invalid(place.part, 'stands more than once');
  return readElement(member, first, place);
}

/** OMA's schemas have members unqualified; the root's own namespace is also taken, for senders that set it as the default. */
function childrenOf(element: XmlElement, name: string, { namespace }: Place): readonly XmlElement[] {
  return element.children.filter(
    (child) => child.name === name && (child.namespace === '' || child.namespace === namespace),
  );
}

/** The document of a body `{root: {…}}`; the root must be one of the API's. */
export function printXml(body: object): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${printRoot(body)}`;
}

function printRoot(body: object): string {
  const [root, value] = Object.entries(body)[0] ?? [''];
  if (root === 'notificationList') return printNotificationList(value);
  const known = Object.hasOwn(resourceRoots, root) ? resourceRoots[root] : undefined;
  if (known === undefined) throw new TypeError(`no XML form of ${root}`);
  const { api, schema } = known;
  return printElement(schema, value, { tag: `${api}:${root}`, also: ` xmlns:${api}="${xmlNamespace(api)}"` });
}

/** A channel's list: each notification under its own root, in its own namespace. */
function printNotificationList(value: unknown): string {
  const inner = Array.isArray(value) ? value.filter(isRecord).map(printRoot).join('') : '';
  const head = `nc:notificationList xmlns:nc="${xmlNamespace('notificationchannel')}"`;
  return inner === '' ? `<${head}/>` : `<${head}>${inner}</nc:notificationList>`;
}

interface Tag {
  readonly tag: string;
  /** Attributes beyond the schema's, with a space before. */
  readonly also?: string;
}

function printElement(schema: Schema, value: unknown, { tag, also = '' }: Tag): string {
  if (schema.type !== 'object' || !isRecord(value)) return `<${tag}${also}>${xmlText(scalar(value))}</${tag}>`;
  const members = schema === chatMessageSchema ? { ...carried(value) } : value;
  let attributes = also;
  let inner = '';
  for (const [name, member] of Object.entries(schema.properties ?? {})) {
    const found = members[name];
    if (found === undefined) continue;
    if (member.xml?.attribute === true) attributes += ` ${name}="${xmlAttribute(scalar(found))}"`;
    else inner += printMember(member, name, found);
  }
  return inner === '' ? `<${tag}${attributes}/>` : `<${tag}${attributes}>${inner}</${tag}>`;
}

function printMember(member: Schema, name: string, value: unknown): string {
  const { items } = member;
  if (member.type !== 'array' || items === undefined || !Array.isArray(value))
    return printElement(member, value, { tag: name });
  return value.map((item) => printElement(items, item, { tag: name })).join('');
}

function scalar(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

/** Content with characters that XML cannot carry goes as base64, octet for octet. */
function carried(message: ChatMessage): ChatMessage {
  const { text, bodyText = text, contentType = 'text/plain;charset=utf-8', ...others } = message;
  if (bodyText === undefined || xmlCanCarry(bodyText)) return message;
  const encoded = Buffer.from(bodyText).toString('base64');
  return { ...others, bodyText: encoded, contentType, contentEncoding: 'base64' };
}
