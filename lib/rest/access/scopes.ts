/** Which scope of a token opens which API: `oma_rest_<api>.all_v1` (OMA Authorization4APIs §7; ours for the APIs that OMA has not). */

export const apis = ['chat', 'capabilitydiscovery', 'notificationchannel', 'spamreport', 'aliasmgmt'] as const;

export const allScopes: readonly string[] = apis.map(scopeOf);

function scopeOf(api: string): string {
  return `oma_rest_${api}.all_v1`;
}

/** The scope that a path needs: its first segment names the API. */
export function scopeOfPath(path: string): string {
  return scopeOf(path.split('/', 2)[1] ?? '');
}

/** Scopes of a claim: a text parted by blanks (RFC 8693 §4.2), or a list as some issuers write it. */
export function readScopes(claim: unknown): ReadonlySet<string> {
  const texts: readonly unknown[] = Array.isArray(claim) ? claim : typeof claim === 'string' ? claim.split(' ') : [];
  return new Set(texts.filter((text): text is string => typeof text === 'string' && text !== ''));
}
