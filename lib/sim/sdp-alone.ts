/** An INVITE whose SDP stands in a multipart body (large message mode), as sip.js can read it: with the SDP alone. */
import { essence } from '../wire/media-type.js';
import { boundaryOf, parseMultipart, partContentType } from '../wire/multipart.js';

export function sdpAlone(message: string): string {
  const contentType = /\r\nContent-Type *: *(multipart\/[^\r]+)/i.exec(message)?.[1];
  const blank = message.indexOf('\r\n\r\n');
  if (!message.startsWith('INVITE ') || contentType === undefined) return message;
  const parts = parseMultipart(Buffer.from(message.slice(blank + 4)), boundaryOf(contentType));
  const sdp = parts.find((part) => essence(partContentType(part)) === 'application/sdp')?.content;
  if (!sdp) return message;
  const head = message
    .slice(0, blank)
    .replace(/\r\nContent-Type *:[^\r]*/i, '\r\nContent-Type: application/sdp')
    .replace(/\r\nContent-Length *:[^\r]*/i, `\r\nContent-Length: ${sdp.length}`);
  return `${head}\r\n\r\n${sdp.toString('utf8')}`;
}
