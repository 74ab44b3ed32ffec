/** CPIM, multipart and what bodies are: read, printed, read again; and what of a user's message reaches a bot. */
import { classifyInbound, mapInboundMessage } from '../../../lib/mapping/message-inbound.js';
import { parseBody, parseCpimBody } from '../../../lib/wire/body.js';
import { decodedContent, parseCpim, printCpim } from '../../../lib/wire/cpim.js';
import { DecodeError } from '../../../lib/wire/decode-error.js';
import { parseMediaType, printMediaType } from '../../../lib/wire/media-type.js';
import { boundaryOf, freeBoundary, parseMultipart, printMultipart } from '../../../lib/wire/multipart.js';
import { decodeTransfer } from '../../../lib/wire/transfer-encoding.js';
import { must, same, type Target } from '../target.js';

const decodeErrors = (error: unknown): boolean => error instanceof DecodeError;

const headerWords = [
  ...['From: ', 'To: ', 'DateTime: 2026-11-22T10:00:00Z', 'NS: imdn <urn:ietf:params:imdn>', 'NS: <urn:x>', 'NS: '],
  ...['imdn.Message-ID: a', 'imdn.Disposition-Notification: positive-delivery, display', 'Require: imdn.Message-ID'],
  ...[
    'Content-Type: text/plain;charset=UTF-8',
    'Content-Transfer-Encoding: base64',
    'Content-Length: -1',
    'Subject:;lang=fr ',
  ],
  ...[
    'Content-Type: multipart/mixed;boundary=next',
    'quoted-printable',
    '=3D',
    '=\r\n',
    'aGk=',
    'imdn.',
    '.',
    'maap.Traffic-Type: ',
  ],
];

const cpim: Target = {
  name: 'cpim',
  shape: 'lines',
  words: headerWords,
  seeds: [],
  fixtures: ['cpim'],
  run(input) {
    const message = parseCpim(input);
    const again = parseCpim(printCpim(message));
    must(again.content.equals(message.content), 'the content is the same, octet for octet');
    must(same(again.headers.map(bare), message.headers.map(bare)), 'the headers are the same');
    must(same(again.contentHeaders, message.contentHeaders), 'the headers of the content are the same');
  },
  mayThrow: decodeErrors,
};

/** Declarations may be added and worded anew. */
function bare({ namespace, name, value }: { namespace: string | undefined; name: string; value: string }): unknown {
  return namespace === undefined && name === 'NS' ? 'NS' : [namespace, name, value];
}

const inbound: Target = {
  name: 'inbound-message',
  shape: 'lines',
  words: headerWords,
  seeds: [],
  fixtures: ['cpim'],
  run(input) {
    const message = parseCpim(input);
    if (classifyInbound(message).kind !== 'message') return;
    parseCpimBody(message);
    const mapped = mapInboundMessage(message, {});
    const { bodyText, contentEncoding, text } = mapped.message;
    const got =
      text === undefined
        ? Buffer.from(bodyText ?? '', contentEncoding === 'base64' ? 'base64' : 'utf8')
        : Buffer.from(text);
    must(got.equals(decodedContent(message)), 'the bot gets the octets that the user sent');
    JSON.stringify(mapped);
  },
  mayThrow: decodeErrors,
};

/** First line: the Content-Type; then the body. */
function typed(input: Buffer): { contentType: string; body: Buffer } {
  const end = input.indexOf('\n');
  const line = input.subarray(0, Math.max(0, end));
  return { contentType: line.toString('utf8'), body: input.subarray(end + 1) };
}

const multipart: Target = {
  name: 'multipart',
  shape: 'lines',
  words: [...headerWords, '--next', '--next--', '--next\r\n', 'boundary="next"', 'multipart/mixed;boundary=', '--'],
  seeds: [
    'multipart/mixed;boundary=next\n--next\r\nContent-Type: text/plain\r\n\r\nhello\r\n--next\r\n\r\n\r\n--next--\r\n',
    'multipart/mixed; boundary="a b"\npreamble\r\n--a b\r\n\r\nx\n--a b--\nepilogue',
  ],
  fixtures: ['multipart'],
  run(input) {
    const { contentType, body } = typed(input);
    const parts = parseMultipart(body, contentType === '' ? 'next' : boundaryOf(contentType));
    for (const part of parts) tolerated(() => decodeTransfer(part));
    const boundary = freeBoundary(parts, 'next');
    const again = parseMultipart(printMultipart(parts, boundary), boundary);
    must(again.length === parts.length, 'as many parts as were printed');
    must(
      again.every((part, i) => part.content.equals(parts[i]?.content ?? Buffer.alloc(0))),
      'contents octet for octet',
    );
    must(
      same(
        again.map(({ headers }) => headers),
        parts.map(({ headers }) => headers),
      ),
      'the same headers',
    );
  },
  mayThrow: decodeErrors,
};

function tolerated(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
  }
}

const types = ['message/cpim', 'message/imdn+xml', 'application/im-iscomposing+xml', 'multipart/mixed;boundary=next'];

const body: Target = {
  name: 'body',
  shape: 'lines',
  words: [...headerWords, ...types, 'application/vnd.gsma.rcs-ft-http+xml', '__proto__', 'toString', ';', '--next--'],
  seeds: [
    'text/plain;charset=UTF-8\nhello',
    'message/cpim\nFrom: <sip:a@b>\r\n\r\nContent-Type: text/plain\r\n\r\nhi',
    'multipart/mixed;boundary=next\n--next\r\n\r\nx\r\n--next--',
    'message/imdn+xml\n<imdn xmlns="urn:ietf:params:xml:ns:imdn"><message-id>1</message-id><delivery-notification><status><delivered/></status></delivery-notification></imdn>',
    'application/vnd.gsma.rcsrevoke+xml\n<MessageRevoke><Message-ID>1</Message-ID></MessageRevoke>',
  ],
  fixtures: [],
  run(input) {
    const { contentType, body: bytes } = typed(input);
    const read = parseBody(contentType, bytes);
    must(read.kind !== 'content' || read.bytes === bytes, 'unknown content passes as it is');
  },
  mayThrow: decodeErrors,
};

const mediaType: Target = {
  name: 'media-type',
  shape: 'tokens',
  words: ['text/plain', 'charset=utf-8', ';', '="', '"', '\\"', '/', 'boundary=', '*', '=', ' '],
  seeds: [
    'text/plain',
    'text/plain; charset="utf-8"',
    'multipart/mixed;boundary="a\\"b";x=y',
    'application/x;a="\\\\"',
  ],
  fixtures: [],
  maxBytes: 4096,
  run(input) {
    const type = parseMediaType(input.toString('utf8'));
    let printed: string;
    try {
      printed = printMediaType(type);
    } catch (error) {
      if (error instanceof DecodeError) return;
      throw error;
    }
    must(!/[\r\n]/.test(printed), 'no line break is printed');
    must(same(parseMediaType(printed), type) || printed.length > 1024, 'printed and read again it is the same');
  },
  mayThrow: decodeErrors,
};

const transferEncoding: Target = {
  name: 'transfer-encoding',
  shape: 'tokens',
  words: ['base64', 'quoted-printable', '7bit', '=3D', '=\r\n', '==', '=', ' \r\n', 'aGVsbG8='],
  seeds: ['base64\naGVsbG8gd29ybGQ=', 'quoted-printable\nh=C3=A9llo=\r\n world \r\n', 'binary\n\0\r\n', '8bit\nx'],
  fixtures: [],
  run(input) {
    const { contentType: value, body: content } = typed(input);
    const decoded = decodeTransfer({ headers: [{ name: 'Content-Transfer-Encoding', value }], content });
    must(decoded.length <= content.length, 'decoding makes nothing longer');
  },
  mayThrow: decodeErrors,
};

export const messages: readonly Target[] = [cpim, inbound, multipart, body, mediaType, transferEncoding];
