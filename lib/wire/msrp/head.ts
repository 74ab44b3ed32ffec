/** First line and headers of a frame (RFC 4975 §9). */
import { DecodeError } from '../decode-error.js';
import { decodeUtf8, type Frame, type HeaderLine } from './frame.js';

export type Head = Omit<Frame, 'flag' | 'body' | 'kind'> &
  (
    | { readonly kind: 'request'; readonly method: string }
    | { readonly kind: 'response'; readonly status: number; readonly comment: string | undefined }
  );

const LF = 10;
const COLON = 58;
const BLANK = 32;
const TAB = 9;
const idStart = 'MSRP '.length;
const firstLineForm = /^(?:(\d{3})(?: (.*))?|([A-Z]{1,32}))$/;

/** `text`: the frame up to its end-line or blank line, each line with its CRLF. Throws DecodeError. */
export function readHead(text: string): Head {
  const firstEnd = text.indexOf('\r');
  const idEnd = text.indexOf(' ', idStart);
  const transactionId = text.slice(idStart, idEnd);
  if (idEnd > firstEnd || !isTransactionId(transactionId)) throw error(0, 'bad transaction id');
  const { toPath, fromPath, headers } = readHeaders(text, firstEnd);
  // The method that carries the traffic needs no look at its form.
  if (firstEnd - idEnd === 5 && text.startsWith('SEND', idEnd + 1)) {
    return { kind: 'request', method: 'SEND', transactionId, toPath, fromPath, headers };
  }
  const rest = firstLineForm.exec(text.slice(idEnd + 1, firstEnd));
  if (!rest) throw error(0, 'bad first line');
  const [, code, comment, method] = rest;
  if (method !== undefined) return { kind: 'request', method, transactionId, toPath, fromPath, headers };
  const readable = comment === undefined ? undefined : decodeUtf8(comment);
  return { kind: 'response', status: Number(code), comment: readable, transactionId, toPath, fromPath, headers };
}

/** `lineEnd` is the CR of the first line. */
function readHeaders(text: string, lineEnd: number): Pick<Head, 'toPath' | 'fromPath' | 'headers'> {
  const headers: HeaderLine[] = [];
  let toPath: string | undefined;
  let fromPath: string | undefined;
  for (let end = lineEnd; end + 2 < text.length;) {
    const at = end + 2;
    if (text.charCodeAt(end + 1) !== LF) throw error(end, 'carriage return without line feed');
    end = text.indexOf('\r', at);
    const colon = nameEnd(text, at);
    const name = text.slice(at, colon);
    const value = valueOf(text, colon + 1, end);
    if (toPath === undefined && sameName(name, 'To-Path')) toPath = value;
    else if (fromPath === undefined && sameName(name, 'From-Path')) fromPath = value;
    else headers.push([name, value]);
  }
  if (!toPath || !fromPath) throw error(0, 'To-Path or From-Path is missing');
  return { toPath, fromPath, headers };
}

function nameEnd(text: string, at: number): number {
  let colon = at;
  while (isTokenCode[text.charCodeAt(colon)] === 1) colon++;
  if (colon === at || text.charCodeAt(colon) !== COLON) throw error(at, 'bad header name');
  return colon;
}

/** 1 for each character of a token (RFC 4975 §9). */
const isTokenCode = Uint8Array.from({ length: 256 }, (_, code) =>
  /^[!#$%&'*+\-.^_`|~0-9A-Za-z]$/.test(String.fromCharCode(code)) ? 1 : 0,
);
/** 1 for each character of a transaction id: ALPHANUM / ".-+%=". */
const isIdCode = Uint8Array.from({ length: 256 }, (_, code) =>
  /^[0-9A-Za-z.\-+%=]$/.test(String.fromCharCode(code)) ? 1 : 0,
);

/** 4 to 32 characters, the first a letter or digit. */
function isTransactionId(text: string): boolean {
  if (text.length < 4 || text.length > 32 || !/^[0-9A-Za-z]/.test(text)) return false;
  for (let i = 1; i < text.length; i++) if (isIdCode[text.charCodeAt(i)] !== 1) return false;
  return true;
}

/** Blanks around the value do not belong to it; mostly there is the one before. */
function valueOf(text: string, from: number, to: number): string {
  const start = text.charCodeAt(from) === BLANK ? from + 1 : from;
  const first = text.charCodeAt(start);
  const last = text.charCodeAt(to - 1);
  const value = text.slice(start, to);
  return first === BLANK || first === TAB || last === BLANK || last === TAB ? value.trim() : value;
}

function sameName(name: string, wanted: string): boolean {
  return name === wanted || (name.length === wanted.length && name.toLowerCase() === wanted.toLowerCase());
}

function error(at: number, text: string): DecodeError {
  return new DecodeError('msrp', `octet ${at} of the frame`, text);
}
