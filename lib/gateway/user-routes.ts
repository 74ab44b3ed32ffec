/** Which operator or hub a user is reached through, and how he is named there (sip.routes, sip.userUri). */
import type { Config } from '../config.js';

export interface UserRoutes {
  /** `sip:host:port;transport=`; undefined: the Request-URI decides. */
  nextHop(userUri: string): string | undefined;
  /** `tel:+…` → the form for Request-URI and To. */
  userUri(key: string): string;
}

export function userRoutes({ routes, nextHop, userUri }: Config['sip']): UserRoutes {
  // The longest match wins: +1555 before +1.
  const byLength = [...routes].sort((a, b) => b.match.length - a.match.length);
  const routeOf = (uri: string): (typeof routes)[number] | undefined =>
    byLength.find(({ match }) => matches(uri, match.toLowerCase()));
  return {
    nextHop: (uri) => routeOf(uri)?.nextHop ?? nextHop,
    userUri: (key) => printUser(key, routeOf(key)?.userUri ?? userUri),
  };
}

function matches(uri: string, match: string): boolean {
  const [, user = '', host = ''] = /^[a-z]+:([^@;]*)@?([^;:]*)/i.exec(uri) ?? [];
  return match.startsWith('+') ? user.startsWith(match) : host.toLowerCase() === match;
}

function printUser(key: string, form: string): string {
  return form === 'tel' ? key : form.replaceAll('{e164}', key.slice('tel:'.length));
}
