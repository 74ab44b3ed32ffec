/** Header names: compact forms (RFC 3261 §20, RFC 3841, 3892, 4028, 6665) and the names that are told apart. */

const LONG: Readonly<Record<string, string>> = {
  a: 'accept-contact',
  b: 'referred-by',
  c: 'content-type',
  d: 'request-disposition',
  e: 'content-encoding',
  f: 'from',
  i: 'call-id',
  j: 'reject-contact',
  k: 'supported',
  l: 'content-length',
  m: 'contact',
  n: 'identity-info',
  o: 'event',
  r: 'refer-to',
  s: 'subject',
  t: 'to',
  u: 'allow-events',
  v: 'via',
  x: 'session-expires',
  y: 'identity',
};

const COMPACT = new Map(Object.entries(LONG).map(([compact, long]) => [long, compact]));

/** The long name in lower case. */
export function longName(name: string): string {
  const lower = name.toLowerCase();
  return lower.length === 1 ? (LONG[lower] ?? lower) : lower;
}

/** The compact form of a long name in lower case, if it has one. */
export function compactName(long: string): string | undefined {
  return COMPACT.get(long);
}
