/** Which operator or hub a user is reached through, how he is named there, and what requests carry on that way. */
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

export function routesOf(rules: readonly RouteRule[], others: Route): Routes {
  const byMatch = new Map(rules.map((rule): [string, Route] => [rule.match.toLowerCase(), rule]));
  const of = (uri: string): Route => {
    const { user, host } = partsOf(uri);
    return byNumber(byMatch, user) ?? byMatch.get(host) ?? others;
  };
  return {
    of,
    userUri: (key) => printUser(key, of(key).userUri),
    nextHops: [...new Set([...rules, others].flatMap(({ nextHops }) => nextHops))],
  };
}

/** E.164 has 15 digits at most. */
const maxPrefix = 16;

function byNumber(byMatch: ReadonlyMap<string, Route>, user: string): Route | undefined {
  if (!user.startsWith('+')) return undefined;
  for (let length = Math.min(user.length, maxPrefix); length > 1; length--) {
    const route = byMatch.get(user.slice(0, length));
    if (route) return route;
  }
  return undefined;
}

function partsOf(uri: string): { user: string; host: string } {
  const [, user = '', host = ''] = /^[a-z]+:([^@;]*)@?([^;:?]*)/i.exec(uri) ?? [];
  return { user, host: host.toLowerCase() };
}

function printUser(key: string, form: string): string {
  return form === 'tel' ? key : form.replaceAll('{e164}', key.slice('tel:'.length));
}
