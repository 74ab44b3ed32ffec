/** The alias function's report that a token belongs to a user: an XML nobody has specified, read for the addresses in it (RCS). */
import { parseAddress, type Identity } from '../address.js';
import { DecodeError } from '../decode-error.js';
import { parseXml } from '../xml.js';
import { namedValues, type NamedValue } from './names.js';

export const linkReportContentType = 'application/vnd.gsma.rcslink-report+xml';

/** What was found; the document itself goes to the platform verbatim. */
export interface LinkReport {
  readonly alias?: string;
  readonly userAddress?: string;
}

/** Throws DecodeError where it is no XML. Elements and attributes whose whole value is a tel:, sip: or sips: URI count. */
export function parseLinkReport(input: string | Buffer): LinkReport {
  const values = namedValues(parseXml(input, { codec: 'link-report', unboundPrefixes: 'tolerate' }));
  const found = values.flatMap((value) => {
    const identity = identityOf(value.value);
    return identity === undefined ? [] : [{ address: value.value, alias: isAlias(value, identity) }];
  });
  const alias = found.find((f) => f.alias)?.address;
  const userAddress = found.find((f) => !f.alias)?.address;
  return { ...(alias === undefined ? {} : { alias }), ...(userAddress === undefined ? {} : { userAddress }) };
}

function isAlias({ element, attribute = '' }: NamedValue, identity: Identity): boolean {
  return (
    /alias|token/i.test(`${element} ${attribute}`) || (/^sips?:/i.test(identity.original) && identity.tk !== undefined)
  );
}

function identityOf(value: string): Identity | undefined {
  if (!/^(tel|sips?):/i.test(value)) return undefined;
  try {
    return parseAddress(value);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}
