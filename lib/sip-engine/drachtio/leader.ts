/** The leader lines that the engine writes to an application (tokens between `|`, closed by CRLF before the SIP text). */
import { randomUUID } from 'node:crypto';
import type { Address, DialogId, Sent, ServerTransaction, SipMessage } from '../api.js';

/** Older versions would never be pinged by the client library. */
export const FACE_VERSION = 'v0.9.10';

/** `udp/127.0.0.1:5060`, as the client library shows it. */
export function hostport(address: Address): string {
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `${address.protocol}/${host}:${address.port}`;
}

export function accepted(id: string, ...more: readonly string[]): string {
  return [randomUUID(), 'response', id, 'OK', ...more].join('|');
}

/** `text` must not hold `|`: it would be cut there. */
export function refusal(id: string, text: string): string {
  return [randomUUID(), 'response', id, 'NOK', text.replaceAll('|', '/')].join('|');
}

export function wrongSecret(id: string): string {
  return [randomUUID(), 'response', id, 'NO', 'incorrect secret'].join('|');
}

/** A new request; outside of dialogs with the address that it came in on. */
export function requestLeader(transaction: ServerTransaction, nowMs: number): string {
  const { id, request, source, local, dialogId } = transaction;
  const tail = dialogId === undefined ? `${local.host}|${local.port}|` : '';
  return `${fromNetwork(request, source, nowMs)}|${id}|${dialogId ?? ''}|${tail}\r\n`;
}

/** A response, an ACK or a CANCEL. */
export function messageLeader(message: SipMessage, from: Address, tail: LeaderTail): string {
  return `${fromNetwork(message, from, tail.nowMs)}|${tail.txnId}|${tail.dialogId ?? ''}|\r\n`;
}

export interface LeaderTail {
  readonly nowMs: number;
  readonly txnId: string;
  readonly dialogId: DialogId | undefined;
}

/** The BYE that the engine has sent by itself. */
export function unsolicitedLeader(dialogId: DialogId, bye: Sent, nowMs: number): string {
  const { protocol, host, port } = bye.remote;
  const tokens = [randomUUID(), 'sip', 'application', bye.message.bytes.length, protocol, host, port, timeOfDay(nowMs)];
  return `${tokens.join('|')}|unsolicited|${dialogId}|\r\n`;
}

/** The echo of a request: what has left, from where. */
export function requestEcho(id: string, sent: Sent, txnId: string, nowMs: number): string {
  return `${accepted(id, 'application')}|${whence(sent, sent.local, nowMs)}|${txnId}|Msg sent:|\r\n`;
}

/** The echo of a response: what has left, where to. */
export function responseEcho(id: string, sent: Sent, tail: LeaderTail): string {
  return `${accepted(id, 'application')}|${whence(sent, sent.remote, tail.nowMs)}|${tail.txnId}|${tail.dialogId ?? ''}||Msg sent:|\r\n`;
}

function whence(sent: Sent, address: Address, nowMs: number): string {
  return `${sent.message.bytes.length}|${address.protocol}|${address.host}|${address.port}|${timeOfDay(nowMs)}`;
}

function fromNetwork(message: SipMessage, from: Address, nowMs: number): string {
  return `${randomUUID()}|sip|network|${message.bytes.length}|${from.protocol}|${from.host}|${from.port}|${timeOfDay(nowMs)}`;
}

let lastTime = { ms: -1, text: '' };

/** HH:MM:SS.uuuuuu, UTC; printed once for each millisecond, as every message asks for it. */
function timeOfDay(nowMs: number): string {
  if (lastTime.ms !== nowMs) lastTime = { ms: nowMs, text: `${new Date(nowMs).toISOString().slice(11, 23)}000` };
  return lastTime.text;
}
