/** P-Charging-Vector: what ties the charging records of two operators together (RFC 7315 §4.6, §5.6). */
import { DecodeError } from './decode-error.js';
import { splitOutsideQuotes, unquoted } from './media-type.js';

export interface ChargingVector {
  /** Of one request, unique in the world. */
  readonly icid: string;
  /** Inter-operator identifier of who sent the request. */
  readonly origIoi: string | undefined;
  /** And of who answered it. */
  readonly termIoi: string | undefined;
  /** Further parameters as they stood, such as icid-generated-at. */
  readonly others: readonly string[];
}

const codec = 'charging-vector';
const maxLength = 1024;

/** generic-param of RFC 3261 §25.1: a quote that stays open would swallow what we print behind it. */
const parameterForm = /^[^\s;="\\]+\s*(?:=\s*(?:[^\s;"\\]*|"(?:[^"\\]|\\.)*"))?$/s;

/** Throws DecodeError where icid-value is missing, a parameter is none, or the value is too long to be sent back. */
export function parseChargingVector(text: string): ChargingVector {
  if (text.length > maxLength) throw new DecodeError(codec, 'value', 'too long');
  const parameters = splitOutsideQuotes(text, ';')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (!parameters.every((part) => parameterForm.test(part)))
    throw new DecodeError(codec, 'parameter', 'not name=value');
  const valueOf = (name: string): string | undefined => {
    const found = parameters.find((part) => nameOf(part) === name);
    return found === undefined ? undefined : unquoted(found.slice(found.indexOf('=') + 1).trim());
  };
  const icid = valueOf('icid-value');
  if (icid === undefined || icid === '') throw new DecodeError(codec, 'icid-value', 'missing');
  const others = parameters.filter((part) => !known.has(nameOf(part)));
  return { icid, origIoi: valueOf('orig-ioi'), termIoi: valueOf('term-ioi'), others };
}

export function printChargingVector({ icid, origIoi, termIoi, others }: ChargingVector): string {
  return [
    `icid-value=${quoted(icid)}`,
    ...others,
    ...(origIoi === undefined ? [] : [`orig-ioi=${quoted(origIoi)}`]),
    ...(termIoi === undefined ? [] : [`term-ioi=${quoted(termIoi)}`]),
  ].join(';');
}

const known: ReadonlySet<string> = new Set(['icid-value', 'orig-ioi', 'term-ioi']);

function nameOf(parameter: string): string {
  return (parameter.split('=', 1)[0] ?? '').trim().toLowerCase();
}

/** A gen-value (RFC 3261 §25.1); quoted where it is no token. */
function quoted(value: string): string {
  return /^[A-Za-z0-9.!%*_+`'~-]+$/.test(value) ? value : `"${value.replace(/["\\]/g, '\\$&')}"`;
}
