/** Phone numbers in any text: country prefix and last two digits stay, a keyed pseudonym tells one from another. */
import { createHmac } from 'node:crypto';

export type Mask = (text: string) => string;

/**
 * What counts: +E.164 (the plus maybe percent-encoded, visual separators within, RFC 3966 §5.1), any tel: number, and
 * the all-digit user part of a SIP URI that says user=phone. An all-digit SIP user without it may be a chatbot's.
 * Every part is bounded and begins with a fixed text: the time is linear.
 */
const numbers =
  /(?:tel(?::|%3A)(?:\+|%2B)?|\+|%2B)[0-9](?:[-.() ]{0,2}[0-9]){6,17}|sips?(?::|%3A)[0-9]{7,18}(?=(?:@|%40)[^\s<>"]{0,255}?;user=phone)/gi;

/** Country codes of two digits (ITU-T E.164); +1 and +7 have one, all others three. */
const twoDigits = /^(?:2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58])/;

/** `key` of the pseudonyms: the same number has the same one under the same key. */
export function numberMask(key: Buffer): Mask {
  const pseudonymOf = remembered((digits) => createHmac('sha256', key).update(digits).digest('hex').slice(0, 10));
  return (text) => text.replace(numbers, (written) => maskNumber(written, pseudonymOf));
}

function maskNumber(written: string, pseudonymOf: Mask): string {
  const [, lead = '', plus = '', rest = ''] = /^((?:tel|sips?)(?::|%3A))?(\+|%2B)?(.*)$/i.exec(written) ?? [];
  const digits = rest.replace(/[^0-9]/g, '');
  const shown = plus === '' ? 0 : countryPrefix(digits);
  const stars = '*'.repeat(Math.max(1, digits.length - shown - 2));
  return `${lead}${plus}${digits.slice(0, shown)}${stars}${digits.slice(-2)}~${pseudonymOf(digits)}`;
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
