/** What the body of an INVITE holds: an offer, nothing, or an offer beside a first message (network-side facts §2). */
import { DecodeError } from '../../wire/decode-error.js';
import { essence } from '../../wire/media-type.js';
import { boundaryOf, freeBoundary, parseMultipart, partContentType, printMultipart } from '../../wire/multipart.js';
import type { SipRequest } from '../agent.js';
import { cpimType, sdpType } from './media.js';

export interface InviteBody {
  readonly sdp?: Buffer;
  /** CPIM; its headers alone in large message mode, where the content follows by MSRP. */
  readonly cpim?: Buffer;
}

/** Throws DecodeError on a type that is no offer, or a broken multipart. */
export function readInviteBody(request: SipRequest): InviteBody {
  if (request.body.length === 0) return {};
  const contentType = request.headers.get('Content-Type') ?? '';
  const type = essence(contentType);
  if (type === sdpType) return { sdp: request.body };
  if (!type.startsWith('multipart/')) throw new DecodeError('invite', 'Content-Type', 'neither SDP nor multipart');
  const parts = parseMultipart(request.body, boundaryOf(contentType));
  const find = (wanted: string): Buffer | undefined =>
    parts.find((part) => essence(partContentType(part)) === wanted)?.content;
  const [sdp, cpim] = [find(sdpType), find(cpimType)];
  return { ...(sdp && { sdp }), ...(cpim && { cpim }) };
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
