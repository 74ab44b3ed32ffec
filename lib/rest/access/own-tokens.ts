/** What the gateway's own tokens say of themselves: made by `/oauth2/token`, read at every request. */

export const ownAlgorithm = 'HS256';
export const ownAudience = 'maap-iwf';
