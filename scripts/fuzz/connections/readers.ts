/** What the gateway says on a line, cut into answers and requests; what cannot be read is a fault of the gateway. */
import { FrameParser } from '../../../lib/wire/msrp/parser.js';
import type { Frame } from '../../../lib/wire/msrp/frame.js';

export interface Ears {
  readonly onSip: (text: string) => void;
  readonly onFrame: (frame: Frame) => void;
  readonly onHttp: (head: string) => void;
  readonly onFault: (text: string) => void;
}

export type Reader = (bytes: Buffer) => void;

const frameLimits = { maxHeaderBytes: 65_536, maxHeaders: 100, maxBodyBytes: 4_000_000 };
const contentLength = /^content-length:[ \t]*(\d+)/im;

export function sipDatagrams({ onSip }: Ears): Reader {
  return (bytes) => onSip(bytes.toString('latin1'));
}

/** SIP over a stream: by Content-Length, with answers to keep-alives between (CRLF, RFC 5626 §4.4.1). */
export function sipStream({ onSip, onFault }: Ears): Reader {
  return heads((head) => Number(contentLength.exec(head)?.[1] ?? NaN), {
    onWhole: onSip,
    isHead: (text) => text.startsWith('SIP/2.0 ') || /^[A-Z]+ \S+ SIP\/2\.0\r\n/.test(text),
    between: /^(?:\r\n)+/,
    onFault,
  });
}

export function msrpStream({ onFrame, onFault }: Ears): Reader {
  const parser = new FrameParser(frameLimits);
  return (bytes) => {
    try {
      for (const frame of parser.push(bytes)) onFrame(frame);
    } catch (error) {
      onFault(`not MSRP: ${String(error)}`);
    }
  };
}

/** Heads alone are told, as soon as they are there, up to the switch to another protocol. */
export function httpStream({ onHttp, onFault }: Ears): Reader {
  let upgraded = false;
  const read = heads(httpBodyLength, {
    onHead(head) {
      onHttp(head);
      upgraded ||= head.startsWith('HTTP/1.1 101');
    },
    isHead: (text) => text.startsWith('HTTP/1.1 '),
    onFault,
  });
  return (bytes) => {
    if (!upgraded) read(bytes);
  };
}

/** NaN: up to the end of the chunks. */
function httpBodyLength(head: string): number {
  if (/^HTTP\/1\.1 (1\d\d|204|304)/.test(head)) return 0;
  if (/^transfer-encoding:[ \t]*chunked/im.test(head)) return NaN;
  return Number(contentLength.exec(head)?.[1] ?? 0);
}

interface Cutting {
  readonly onHead?: (head: string) => void;
  readonly onWhole?: (text: string) => void;
  /** How each must begin; octets as latin1. */
  readonly isHead: (text: string) => boolean;
  /** What may stand before one. */
  readonly between?: RegExp;
  readonly onFault: (text: string) => void;
}

function heads(bodyLength: (head: string) => number, { onHead, onWhole, isHead, between, onFault }: Cutting): Reader {
  let text = '';
  /** What is waited for; undefined: a head. */
  let length: number | undefined;
  let broken = false;
  return (bytes) => {
    if (broken) return;
    text += bytes.toString('latin1');
    for (;;) {
      if (length === undefined && between) text = text.replace(between, '');
      const end = text.indexOf('\r\n\r\n');
      if (end < 0) return;
      if (length === undefined) {
        if (!isHead(text)) {
          broken = true;
          onFault(`not a message: ${JSON.stringify(text.slice(0, 80))}`);
          return;
        }
        onHead?.(text.slice(0, end + 2));
        length = bodyLength(text.slice(0, end + 2));
      }
      const whole = endOf(text, end + 4, length);
      if (whole === undefined) return;
      onWhole?.(text.slice(0, whole));
      text = text.slice(whole);
      length = undefined;
    }
  };
}

/** Undefined: not all of it has come. */
function endOf(text: string, from: number, length: number): number | undefined {
  // The answer to HEAD has the length of a body that it has not.
  if (text.startsWith('HTTP/1.1 ', from)) return from;
  if (Number.isNaN(length)) return endOfChunks(text, from);
  return text.length >= from + length ? from + length : undefined;
}

/** RFC 9112 §7.1, without trailers. */
function endOfChunks(text: string, from: number): number | undefined {
  for (let at = from; ;) {
    const line = text.indexOf('\r\n', at);
    if (line < 0) return undefined;
    const size = parseInt(text.slice(at, line), 16);
    at = line + 2 + size + 2;
    if (text.length < at) return undefined;
    if (size === 0) return at;
  }
}
