/** Between drachtio-srf's messages and the seam's: header lines as they stood on the wire, bodies as bytes. */
import { isUtf8 } from 'node:buffer';
import type { Answer, HeaderLine, Peer, RequestDraft, SipRequest, SipResponse } from '../agent.js';
import type { SrfMessage, SrfRequest, SrfRequestOptions, SrfResponse } from './types.js';
import { headerList, isSendable, longName, parseHeaderList } from '../header-list.js';
import { reasonPhrase } from '../reason-phrase.js';

/** A request as srf takes it, and about how long its frame will be; or the status that says why it cannot be sent. */
export type Outgoing =
  | { readonly kind: 'fit'; readonly uri: string; readonly options: SrfRequestOptions; readonly bytes: number }
  | { readonly kind: 'unfit'; readonly status: number };

/** The length, the ids of the leader, a method and a Content-Length. */
const FRAME_OVERHEAD_BYTES = 256;
const EMPTY_BODY = Buffer.alloc(0);

export function requestOf(req: SrfRequest): SipRequest {
  const { head, body } = split(req.msg);
  const headers = parseHeaderList(head);
  return {
    method: req.msg.method ?? '',
    uri: req.msg.uri ?? '',
    callId: headers.get('Call-ID') ?? '',
    headers,
    body,
    peer: peerOf(req),
  };
}

export function responseOf(res: SrfResponse): SipResponse {
  const { head, body } = split(res.msg);
  return { status: res.msg.status ?? 0, reason: res.msg.reason ?? '', headers: parseHeaderList(head), body };
}

/** A response that no peer has sent: 408 nothing came, 503 it could not be sent, others as they say. */
export function madeUp(status: number, reason = reasonPhrase(status)): SipResponse {
  return { status, reason, headers: headerList([]), body: EMPTY_BODY };
}

export function outgoingRequest(draft: RequestDraft, dialogId?: string): Outgoing {
  const lines = draft.headers.filter(isOurs);
  const unfit = unfitness(lines, draft.body);
  if (unfit !== undefined) return { kind: 'unfit', status: unfit };
  const headers = asOneHeader(lines);
  const options = {
    method: draft.method,
    headers,
    ...(draft.body?.length ? { body: draft.body.toString('utf8') } : {}),
    ...(draft.nextHop === undefined ? {} : { proxy: draft.nextHop }),
    ...(dialogId === undefined ? {} : { stackDialogId: dialogId }),
  };
  const named = [draft.uri, draft.nextHop, dialogId];
  return {
    kind: 'fit',
    uri: draft.uri,
    options,
    bytes: shortFrameBytes(...named) + lengthOf(headers) + (draft.body?.length ?? 0),
  };
}

/** About the frame of an ACK, a CANCEL or an answer; `named` is what varies in it. */
export function shortFrameBytes(...named: readonly (string | undefined)[]): number {
  return named.reduce((bytes, text) => bytes + Buffer.byteLength(text ?? ''), FRAME_OVERHEAD_BYTES);
}

/** The text of a response: what srf has copied from the request, then the answer's lines in their order. */
export function answerText(res: SrfResponse, answer: Answer): string | undefined {
  const lines = (answer.headers ?? []).filter(isOurs);
  if (unfitness(lines, answer.body) !== undefined) return undefined;
  const given = new Set(lines.map(([name]) => longName(name)));
  const copied = Object.entries(res.msg.headers).filter(([name]) => !given.has(name));
  const length: HeaderLine = ['Content-Length', String(answer.body?.length ?? 0)];
  const head = [...copied, ...lines, length].map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const statusLine = `SIP/2.0 ${answer.status} ${answer.reason ?? reasonPhrase(answer.status)}`;
  return `${statusLine}\r\n${head}\r\n${answer.body?.toString('utf8') ?? ''}`;
}

/** The URI of the first Contact; undefined where there is none. */
export function contactUri(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const open = value.indexOf('<');
  if (open < 0) return value.split(/[;,]/, 1)[0]?.trim();
  const close = value.indexOf('>', open);
  return close < 0 ? undefined : value.slice(open + 1, close).trim();
}

/** Of a body's length srf writes a count of characters, the engine the truth. */
function isOurs([name]: HeaderLine): boolean {
  return longName(name) !== 'content-length';
}

function unfitness(lines: readonly HeaderLine[], body: Buffer | undefined): number | undefined {
  // no CR or LF may come from a value into a header
  if (!lines.every(isSendable)) return 400;
  // srf's frames are text: other bytes would arrive as replacement characters
  return body && !isUtf8(body) ? 415 : undefined;
}

/** srf keeps one value for each name: the whole block travels as the first one's value, order and repetition kept. */
function asOneHeader(lines: readonly HeaderLine[]): Record<string, string> {
  const [first, ...rest] = lines;
  if (!first) return {};
  return { [first[0]]: [first[1], ...rest.map(([name, value]) => `${name}: ${value}`)].join('\r\n') };
}

function lengthOf(headers: Readonly<Record<string, string>>): number {
  return Object.entries(headers).reduce(
    (bytes, [name, value]) => bytes + name.length + 4 + Buffer.byteLength(value),
    0,
  );
}

function split({ raw }: SrfMessage): { head: string; body: Buffer } {
  const start = raw.indexOf('\r\n') + 2;
  const end = raw.indexOf('\r\n\r\n');
  if (end < 0) return { head: raw.slice(start), body: EMPTY_BODY };
  return { head: raw.slice(start, end), body: Buffer.from(raw.slice(end + 4), 'utf8') };
}

export function peerOf(req: SrfRequest): Peer {
  const protocol = req.protocol === 'udp' || req.protocol === 'tls' ? req.protocol : 'tcp';
  return { protocol, address: req.source_address, port: req.source_port };
}
