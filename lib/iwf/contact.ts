/** A contact as a path or a body names it → the user that the network is to be asked for. */
import { ApiError } from '../resources/api-error.js';
import type { NetworkUser } from '../sip/network.js';
import { type Identity, parseAddress } from '../wire/address.js';
import { DecodeError } from '../wire/decode-error.js';

export interface ContactOptions {
  /** `tel:+…` → the form that Request-URI and To use (`sip.userUri`). */
  readonly userUri: (key: string) => string;
  /** Country calling code for national numbers; undefined: they are refused. */
  readonly defaultCountry?: string;
}

/** Throws ApiError SVC0004 naming the part, `otherUserId` where none is given. */
export type ReadContact = (contact: string, part?: string) => NetworkUser;

export function contactReader({ userUri, defaultCountry }: ContactOptions): ReadContact {
  const country = defaultCountry === undefined ? {} : { defaultCountry };
  // How the network is told of a user it has not named itself: his number by configuration, a token as it is.
  const uriOf = ({ kind, key, original }: Identity & { key: string }): string =>
    kind === 'user' ? userUri(key) : original;
  return (contact, part = 'otherUserId') => {
    try {
      const identity = parseAddress(contact, country);
      if (identity.kind !== 'undefined-number') return { key: identity.key, uri: uriOf(identity) };
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
    }
    throw new ApiError('SVC0004', [part]);
  };
}
