/** The CPIM around whatever goes to a user: headers in one order, the content as it is (RFC 3862, RFC 5438 §6). */
import { cpimNamespaces, type Cpim, type CpimHeader } from '../wire/cpim.js';
import type { HeaderLine } from '../wire/header-lines.js';

/** From and To of a one-to-one chat: the true identities are SIP's. */
export const anonymousAddress = '<sip:anonymous@anonymous.invalid>';

export interface Envelope {
  /** imdn.Message-ID; none for what no receipt can speak of (typing). */
  readonly messageId?: string;
  /** RFC 3339. */
  readonly dateTime: string;
  /** CPIM From and To, with angle brackets; default anonymous. */
  readonly from?: string;
  readonly to?: string;
}

export interface EnvelopeContent {
  readonly contentType: string;
  readonly content: Buffer;
  /** `notification` (RFC 5438 §7.2). */
  readonly contentDisposition?: string;
  /** Headers behind Message-ID and DateTime, in order. */
  readonly headers?: readonly CpimHeader[];
}

export function envelop(
  envelope: Envelope,
  { contentType, content, contentDisposition, headers = [] }: EnvelopeContent,
): Cpim {
  const { messageId, dateTime, from = anonymousAddress, to = anonymousAddress } = envelope;
  const core = (name: string, value: string): CpimHeader => ({ namespace: undefined, name, value });
  return {
    headers: [
      core('From', from),
      core('To', to),
      ...(messageId === undefined ? [] : [imdnHeader('Message-ID', messageId)]),
      core('DateTime', dateTime),
      ...headers,
    ],
    contentHeaders: contentHeaders(contentType, contentDisposition, content.length),
    content,
  };
}

export function imdnHeader(name: string, value: string): CpimHeader {
  return { namespace: cpimNamespaces.imdn, name, value };
}

function contentHeaders(type: string, disposition: string | undefined, length: number): readonly HeaderLine[] {
  return [
    { name: 'Content-Type', value: type },
    ...(disposition === undefined ? [] : [{ name: 'Content-Disposition', value: disposition }]),
    { name: 'Content-Length', value: String(length) },
  ];
}
