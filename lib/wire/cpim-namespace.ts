/** Which prefix of a CPIM header stands for which namespace (RFC 3862 §3.4). */
import { DecodeError } from './decode-error.js';

/** URIs of the header namespaces; the prefix is the sender's choice. */
export const cpimNamespaces = {
  imdn: 'urn:ietf:params:imdn',
  cpm: 'http://www.openmobilealliance.org/cpm/',
  maap: 'http://www.gsma.com/rcs/maap/',
} as const;

/** What headers without prefix belong to at first; in our values that is namespace undefined. */
export const coreNamespace = 'urn:ietf:params:cpim-headers:';

export interface Declaration {
  /** '' declares the namespace of headers without prefix. */
  readonly prefix: string;
  readonly uri: string;
}

/** The declarations seen so far; a later one of the same prefix counts. */
export type Declarations = Declaration[];

/** Value of an NS header. Without the blank before `<`, with several, or none after `>`: seen in the field. */
export function parseDeclaration(value: string): Declaration {
  const open = value.indexOf('<');
  const close = value.length - 1;
  if (open === -1 || value[close] !== '>' || close - open < 2) {
    throw new DecodeError('cpim', 'NS', 'a namespace declaration is not [prefix] <uri>');
  }
  return { prefix: value.slice(0, open).trim(), uri: value.slice(open + 1, close) };
}

export function printDeclaration({ prefix, uri }: Declaration): string {
  return prefix === '' ? `<${uri}>` : `${prefix} <${uri}>`;
}

/** The value as it came where it is as we print it: the usual case, and no new text is made of it. */
export function canonicalDeclaration(value: string, declaration: Declaration): string {
  const length = declaration.uri.length + 2 + (declaration.prefix === '' ? 0 : declaration.prefix.length + 1);
  return value.length === length && !value.includes('\t') ? value : printDeclaration(declaration);
}

/** URI bound to a prefix now; undefined: not declared. */
export function uriOf(declarations: Declarations, prefix: string): string | undefined {
  for (let i = declarations.length - 1; i >= 0; i--) {
    const declaration = declarations[i];
    if (declaration?.prefix === prefix) return declaration.uri;
  }
  return prefix === '' ? coreNamespace : undefined;
}

/** A prefix bound to the URI now, preferably `wanted`; undefined: none. */
export function prefixOf(declarations: Declarations, uri: string, wanted: string | undefined): string | undefined {
  if (wanted !== undefined && uriOf(declarations, wanted) === uri) return wanted;
  for (let i = declarations.length - 1; i >= 0; i--) {
    const declaration = declarations[i];
    if (declaration?.uri === uri && uriOf(declarations, declaration.prefix) === uri) return declaration.prefix;
  }
  return uriOf(declarations, '') === uri ? '' : undefined;
}

/** A declaration of the URI under its usual prefix, or one that is not taken. */
export function freshDeclaration(declarations: Declarations, uri: string, wanted: string | undefined): Declaration {
  const usual = Object.entries(cpimNamespaces).find((entry) => entry[1] === uri)?.[0];
  for (const prefix of [wanted, usual]) {
    if (prefix !== undefined && prefix !== '' && uriOf(declarations, prefix) === undefined) return { prefix, uri };
  }
  let n = declarations.length;
  while (uriOf(declarations, `n${n}`) !== undefined) n++;
  return { prefix: `n${n}`, uri };
}
