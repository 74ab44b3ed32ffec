/** Which operator or hub a user is reached through, how he is named there, and what requests carry on that way. */
import { type AddressOptions, parseAddress } from '../../wire/address.js';
import { DecodeError } from '../../wire/decode-error.js';
import { parseSipUri } from '../../wire/sip-uri.js';
import type { HeaderLine } from '../agent.js';

export interface Route {
  /** `sip:host:port;transport=`, the preferred one first; none: the Request-URI decides. */
  readonly nextHops: readonly string[];
  /** `tel`, or a pattern with `{e164}`. */
  readonly userUri: string;
  /** Of the whole MESSAGE request. */
  readonly pagerMaxBytes: number;
  /** Added to every request out of dialog. */
  readonly headers: readonly HeaderLine[];
  /** Our inter-operator identifier towards this operator; undefined: none is told. */
  readonly ioi: string | undefined;
}

export interface RouteRule extends Route {
  /** Prefix of a number (`+1555`), or the domain of a URI. */
  readonly match: string;
}

export interface Routes {
  /** The longest prefix of the number wins; else the domain; else the way for all others. */
  of(userUri: string): Route;
  /** `tel:+…` → the form for Request-URI and To. */
  userUri(key: string): string;
  /** Every next hop once. */
  readonly nextHops: readonly string[];
}

/** `options`: what a number without a country means. */
export function routesOf(rules: readonly RouteRule[], others: Route, options: AddressOptions = {}): Routes {
  const byMatch = new Map(rules.map((rule): [string, Route] => [rule.match.toLowerCase(), rule]));
  const of = (uri: string): Route => {
    if (rules.length === 0) return others;
    const { number, host } = partsOf(uri, options);
    return byNumber(byMatch, number) ?? byMatch.get(host) ?? others;
  };
  return {
    of,
    userUri: (key) => printUser(key, of(key).userUri),
    nextHops: [...new Set([...rules, others].flatMap(({ nextHops }) => nextHops))],
  };
}

/** E.164 has 15 digits at most. */
const maxPrefix = 16;

function byNumber(byMatch: ReadonlyMap<string, Route>, number: string): Route | undefined {
  for (let length = Math.min(number.length, maxPrefix); length > 1; length--) {
    const route = byMatch.get(number.slice(0, length));
    if (route) return route;
  }
  return undefined;
}

interface Parts {
  /** `+` and digits; empty where it is none. */
  readonly number: string;
  readonly host: string;
}

/** Whatever form the number has: a reply is addressed as the user wrote last, with separators or without his country. */
function partsOf(uri: string, options: AddressOptions): Parts {
  const [, begins = ''] = /^[a-z]+:(\+\d*)/i.exec(uri) ?? [];
  try {
    const identity = parseAddress(uri, options);
    const number = identity.kind === 'user' ? identity.key.slice('tel:'.length) : begins;
    return { number, host: /^tel:/i.test(uri) ? '' : parseSipUri(uri).host.toLowerCase() };
  } catch (error) {
    if (error instanceof DecodeError) return { number: begins, host: '' };
    throw error;
  }
}

function printUser(key: string, form: string): string {
  return form === 'tel' ? key : form.replaceAll('{e164}', key.slice('tel:'.length));
}
