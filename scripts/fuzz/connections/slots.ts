/** What a script cannot know beforehand: filled in when it is played, where a body counts with as many octets as stood there. */
import { type CalleePorts, issuers } from './callees.js';
import { claimsOf } from './names.js';

export type SlotName =
  /** Another one each time a script is played: 9 hex digits. */
  | 'nonce'
  /** Of the callback server: 8 digits. */
  | 'sink'
  /** Of the gateway in the dialog; its Contact; its MSRP path. */
  | 'tag'
  | 'target'
  | 'path'
  /** Of the gateway's last SEND. */
  | 'transaction'
  | 'message-id'
  /** Path of what the last 201 made. */
  | 'location'
  /** Ports of peers that the gateway calls. */
  | 'hop-udp'
  | 'hop-tcp'
  | 'phone'
  | 'called'
  /** The nonce as 9 decimal digits of a number, and which issuer is its. */
  | 'digits'
  | 'issuer'
  /** Of a token of that issuer. */
  | 'claims'
  /** Of the request of the gateway that is answered. */
  | 'via'
  | 'from'
  | 'to'
  | 'call-id'
  | 'cseq'
  | 'contact'
  | 'to-path'
  | 'from-path';

export type Slots = Map<string, string>;

export function slotsFor(nonce: number, sinkPort: number, callees?: CalleePorts): Slots {
  const called: readonly (readonly [SlotName, number])[] = callees
    ? [
        ['hop-udp', callees.hopUdp],
        ['hop-tcp', callees.hopTcp],
        ['phone', callees.phone],
        ['called', callees.http],
      ]
    : [];
  return new Map<SlotName, string>([
    ['nonce', nonce.toString(16).padStart(9, '0')],
    ['sink', String(sinkPort).padStart(8, '0')],
    ['tag', 'none'],
    ['target', 'sip:none@127.0.0.1'],
    ['path', 'msrp://127.0.0.1:9/none;tcp'],
    ['transaction', 'none'],
    ['message-id', 'none'],
    ['location', '/none'],
    ['digits', String(nonce).padStart(9, '0')],
    ['issuer', String(nonce % issuers)],
    ['claims', claimsOf(nonce % issuers)],
    ...called.map(([name, port]) => [name, String(port)] as const),
  ]);
}

/** What is no slot (a mutilated one) stays. `{{length}}`: of what stands behind the head, once all else is filled in. */
export function filled(text: string, slots: Slots): string {
  if (!text.includes('{{')) return text;
  const whole = text.replace(/\{\{([a-z-]{1,20})\}\}/g, (all, name: string) => slots.get(name) ?? all);
  if (!whole.includes('{{length}}')) return whole;
  const head = whole.indexOf('\r\n\r\n');
  return whole.replace('{{length}}', String(head < 0 ? 0 : whole.length - head - 4));
}
