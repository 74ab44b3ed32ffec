/** Who there is: chatbots of a platform that hostile scripts speak for as well, and one that is left alone. */
export const bots = {
  session: 'sip:session@fuzz.example.net',
  standalone: 'sip:standalone@fuzz.example.net',
  /** Decides on each INVITE itself, and never does. */
  confirmed: 'sip:confirmed@fuzz.example.net',
  /** Of another platform: no hostile script has its key. */
  honest: 'sip:honest@fuzz.example.org',
} as const;

export const key = 'a-key-of-the-fuzzer';
export const honestKey = 'another-key-of-the-fuzzer';
export const adminKey = 'an-admin-key-of-the-fuzzer';
/** Every bot of it speaks for itself: each script of a hostile callback server has one. */
export const calledDomain = 'called.example.net';

export function issuerName(at: number): string {
  return `https://issuer-${at}.example.net`;
}

/** What a token of an issuer says. */
export function claimsOf(issuer: number): string {
  return tokenPart({ iss: issuerName(issuer), sub: 'x', exp: 4_000_000_000, scope: 'oma_rest_chat.all_v1' });
}

export function tokenPart(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
