/** What an application asks for: the leader line of a frame, and the SIP text that may follow it. */
import { parseAppMessage, type AppMessage } from './app-message.js';

export type Command = { readonly id: string } & (
  | { readonly kind: 'authenticate'; readonly secret: string }
  | { readonly kind: 'ping' }
  | { readonly kind: 'route' | 'remove-route'; readonly verb: string }
  | { readonly kind: 'respond'; readonly txnId: string; readonly message: AppMessage }
  | SendCommand
  | { readonly kind: 'ack'; readonly dialogId: string; readonly message: AppMessage }
  | { readonly kind: 'cancel'; readonly txnId: string; readonly message: AppMessage }
  | { readonly kind: 'refused'; readonly text: string }
);

export interface SendCommand {
  readonly kind: 'send';
  readonly id: string;
  /** Absent: a request outside of dialogs. */
  readonly dialogId: string | undefined;
  readonly nextHop: string | undefined;
  readonly message: AppMessage;
}

const CRLF = Buffer.from('\r\n');

/** Never throws: what cannot be understood is a command that is to be refused. */
export function parseCommand(payload: Buffer): Command {
  const end = payload.indexOf(CRLF);
  const leader = (end < 0 ? payload : payload.subarray(0, end)).toString('utf8');
  const [id = '', verb = '', first = '', second = '', third = ''] = leader.split('|', 8);
  switch (verb) {
    case 'authenticate':
      return { id, kind: 'authenticate', secret: first };
    case 'ping':
      return { id, kind: 'ping' };
    case 'route':
      return { id, kind: 'route', verb: first.toLowerCase() };
    case 'remove_route':
      return { id, kind: 'remove-route', verb: first.toLowerCase() };
    case 'sip':
      return end < 0 ? refused(id, 'no message') : sipCommand(id, [first, second, third], payload.subarray(end + 2));
    default:
      return refused(id, 'unknown command');
  }
}

function sipCommand(id: string, tokens: readonly [string, string, string], sip: Buffer): Command {
  const parsed = parseAppMessage(sip);
  if (parsed.kind === 'malformed') return refused(id, parsed.text);
  const { message } = parsed;
  const [txnId, dialogId, nextHop] = tokens;
  if (message.start.kind === 'response') {
    return txnId === '' ? refused(id, 'a response needs its transaction') : { id, kind: 'respond', txnId, message };
  }
  switch (message.start.method) {
    case 'CANCEL':
      return { id, kind: 'cancel', txnId, message };
    case 'ACK':
      return { id, kind: 'ack', dialogId, message };
    default:
      return { id, kind: 'send', dialogId: dialogId || undefined, nextHop: nextHop || undefined, message };
  }
}

function refused(id: string, text: string): Command {
  return { id, kind: 'refused', text };
}
