/** From an application's message to the engine's drafts: what the protocol lets an application leave out is filled in. */
import type { Address, HeaderLine, Protocol, RequestDraft, ResponseDraft, SipMessage } from '../api.js';
import { findHeader, type AppMessage, type StartLine } from './app-message.js';
import type { SendCommand } from './command.js';

/** Inside a dialog these are the dialog's, in a response the request's. */
const DIALOG_HEADERS = new Set(['from', 'f', 'to', 't', 'call-id', 'i', 'cseq']);
/** Where `@localhost` stands for the address that the message leaves from; in Contact the engine puts it in, which knows the way. */
const LOCAL_HEADERS = new Set(['from', 'f', 'to', 't', 'p-asserted-identity']);

export function requestDraft(command: SendCommand, listening: readonly Address[]): RequestDraft {
  const { message, dialogId, nextHop } = command;
  const { method, uri } = requestLine(message.start);
  const local = departure(listening, nextHop ?? uri);
  const given = dialogId === undefined ? message.headers : withoutDialog(message.headers);
  const headers = given.map((line) => localised(line, local));
  if (dialogId === undefined) headers.push(...missingParties(headers, uri, local));
  return { method, uri, headers, ...bodyOf(message), ...(nextHop === undefined ? {} : { nextHop }) };
}

export function responseDraft(message: AppMessage, request: SipMessage, local: Address): ResponseDraft {
  const { status, reason } = statusLine(message.start);
  const headers = withoutDialog(message.headers).map((line) => localised(line, local));
  const to = findHeader(message.headers, 'to', 't');
  // the application may choose the tag, and nothing else, of To
  if (to !== undefined && hasTag(to) && !hasTag(request.header('To') ?? '')) headers.push(['To', to]);
  return { status, headers, ...bodyOf(message), ...(reason === undefined ? {} : { reason }) };
}

/** Of an ACK or a CANCEL: everything but what the transaction itself decides. */
export function ownHeaders(message: AppMessage): readonly HeaderLine[] {
  return withoutDialog(message.headers);
}

export function bodyOf(message: AppMessage): { readonly body?: Buffer } {
  return message.body ? { body: message.body } : {};
}

function withoutDialog(headers: readonly HeaderLine[]): readonly HeaderLine[] {
  return headers.filter(([name]) => !DIALOG_HEADERS.has(name.toLowerCase()));
}

function missingParties(headers: readonly HeaderLine[], uri: string, local: Address | undefined): HeaderLine[] {
  const missing: HeaderLine[] = [];
  if (findHeader(headers, 'from', 'f') === undefined) missing.push(['From', `<sip:${authority(local)}>`]);
  if (findHeader(headers, 'to', 't') === undefined) missing.push(['To', `<${uri}>`]);
  return missing;
}

function localised([name, value]: HeaderLine, local: Address | undefined): HeaderLine {
  if (!local || !value.includes('@localhost') || !LOCAL_HEADERS.has(name.toLowerCase())) return [name, value];
  return [name, value.replace(/@localhost(?![\w.:-])/g, `@${authority(local)}`)];
}

function authority(address: Address | undefined): string {
  if (!address) return 'localhost';
  return `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
}

/** The socket that a request to `target` will most likely leave from. */
function departure(listening: readonly Address[], target: string): Address | undefined {
  const protocol: Protocol = /^sips:|;transport=tls/i.test(target)
    ? 'tls'
    : /;transport=tcp/i.test(target)
      ? 'tcp'
      : 'udp';
  const found = listening.find((address) => address.protocol === protocol) ?? listening[0];
  // A wildcard is nobody's address: the engine, which knows the way, names us.
  return found?.host === '0.0.0.0' || found?.host === '::' ? undefined : found;
}

function hasTag(value: string): boolean {
  return /;\s*tag\s*=/i.test(value.slice(value.lastIndexOf('>') + 1));
}

function requestLine(start: StartLine): StartLine & { kind: 'request' } {
  if (start.kind !== 'request') throw new Error('a request was expected');
  return start;
}

function statusLine(start: StartLine): StartLine & { kind: 'response' } {
  if (start.kind !== 'response') throw new Error('a response was expected');
  return start;
}
