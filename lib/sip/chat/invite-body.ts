/** What the body of an INVITE holds: an offer, nothing, or an offer beside a first message (network-side facts §2). */
import { parseCpim } from '../../wire/cpim.js';
import { DecodeError } from '../../wire/decode-error.js';
import { essence } from '../../wire/media-type.js';
import { boundaryOf, freeBoundary, parseMultipart, partContentType, printMultipart } from '../../wire/multipart.js';
import { decodeTransfer } from '../../wire/transfer-encoding.js';
import type { SipRequest } from '../agent.js';
import { cpimType, sdpType } from './media.js';

export interface InviteBody {
  readonly sdp?: Buffer;
  /** CPIM, with its content. */
  readonly firstMessage?: Buffer;
}

/** Throws DecodeError on a type that is no offer, or a broken multipart. */
export function readInviteBody(request: SipRequest): InviteBody {
  if (request.body.length === 0) return {};
  const contentType = request.headers.get('Content-Type') ?? '';
  const type = essence(contentType);
  if (type === sdpType) return { sdp: request.body };
  if (!type.startsWith('multipart/')) throw new DecodeError('invite', 'Content-Type', 'neither SDP nor multipart');
  const parts = parseMultipart(request.body, boundaryOf(contentType));
  const find = (wanted: string): Buffer | undefined => {
    const found = parts.find((part) => essence(partContentType(part)) === wanted);
    return found && decodeTransfer(found);
  };
  const [sdp, cpim] = [find(sdpType), find(cpimType)];
  return { ...(sdp && { sdp }), ...(cpim && !isHeadersAlone(cpim) && { firstMessage: cpim }) };
}

/**
 * Large message mode, under whatever service (large message, deferred, session): the content follows by MSRP, under the
 * Message-ID that stands here already. CPIM that cannot be read is refused where messages are.
 */
function isHeadersAlone(cpim: Buffer): boolean {
  try {
    return parseCpim(cpim).content.every((octet) => octet === 13 || octet === 10);
  } catch (error) {
    if (error instanceof DecodeError) return false;
    throw error;
  }
}

/** Large message mode: the CPIM headers beside the offer. */
export function largeMessageBody(cpimHeaders: Buffer, sdp: Buffer): { contentType: string; body: Buffer } {
  const parts = [
    { headers: [{ name: 'Content-Type', value: cpimType }], content: cpimHeaders },
    { headers: [{ name: 'Content-Type', value: sdpType }], content: sdp },
  ];
  const boundary = freeBoundary(parts, 'maap-iwf-part');
  return { contentType: `multipart/mixed;boundary=${boundary}`, body: printMultipart(parts, boundary) };
}
