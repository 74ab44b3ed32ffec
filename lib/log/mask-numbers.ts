/** Phone numbers in any text: country prefix and last two digits stay, a keyed pseudonym tells one from another. */
import { createHmac } from 'node:crypto';

export type Mask = (text: string) => string;

/** Digits with visual separators (RFC 3966 §5.1) before and between them, seven at least; all parts are bounded. */
const digits = String.raw`[-.()*# ]{0,3}(?:\+|%2B)?[0-9](?:[-.() ]{0,2}[0-9]){6,17}`;
/** What may follow the digits of a user: parameters of a number (RFC 3261 §19.1.6) or a password. An address and its port has no @. */
const userEnd = String.raw`(?:(?:[;:]|%3B|%3A)[^@,\s<>"]{0,255}?)?(?:@|%40)`;
/** A chatbot may have digits for a name, too: its domain tells, unless the URI says that it is a number. */
const notOfBot = String.raw`(?:(?!botplatform\.)|[^\s<>"]{0,255}?(?:;|%3B)user(?:=|%3D)phone)`;

/**
 * What counts: any tel: number, the user part of a SIP URI that is a number, with or without user=phone, and +E.164 anywhere;
 * plus and the URI's own signs maybe percent-encoded. Every part begins with a fixed text: the time is linear.
 */
const numbers = new RegExp(
  String.raw`tel(?::|%3A)${digits}|sips?(?::|%3A)${digits}(?=${userEnd}${notOfBot})|(?:\+|%2B)[0-9](?:[-.() ]{0,2}[0-9]){6,17}`,
  'gi',
);

/** Country codes of two digits (ITU-T E.164); +1 and +7 have one, all others three. */
const twoDigits = /^(?:2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58])/;

/** `key` of the pseudonyms: the same number has the same one under the same key. */
export function numberMask(key: Buffer): Mask {
  const pseudonymOf = remembered((digits) => createHmac('sha256', key).update(digits).digest('hex').slice(0, 10));
  return (text) => text.replace(numbers, (written) => maskNumber(written, pseudonymOf));
}

function maskNumber(written: string, pseudonymOf: Mask): string {
  const [, lead = '', plus = '', rest = ''] = /^((?:tel|sips?)(?::|%3A))?[-.()*# ]*(\+|%2B)?(.*)$/i.exec(written) ?? [];
  const plain = rest.replace(/[^0-9]/g, '');
  const shown = plus === '' ? 0 : countryPrefix(plain);
  const stars = '*'.repeat(Math.max(1, plain.length - shown - 2));
  return `${lead}${plus}${plain.slice(0, shown)}${stars}${plain.slice(-2)}~${pseudonymOf(plain)}`;
}

function countryPrefix(digits: string): number {
  if (/^[17]/.test(digits)) return 1;
  return twoDigits.test(digits) ? 2 : 3;
}

/** A hash costs as much as the rest of a log line; what is busy now is busy again. Bounded by starting anew. */
function remembered(compute: Mask): Mask {
  const known = new Map<string, string>();
  return (digits) => {
    const found = known.get(digits) ?? compute(digits);
    if (known.size >= 10_000) known.clear();
    known.set(digits, found);
    return found;
  };
}
