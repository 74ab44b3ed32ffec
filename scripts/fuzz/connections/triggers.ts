/** What makes the gateway call somebody: asked for by a platform, or by a phone that writes to a bot. */
import type { Random } from '../random.js';
import { cpimMessage } from './contents.js';
import { numberPrefixes } from './callees.js';
import { bots, calledDomain, key } from './names.js';
import { answerTo, send, type Step } from './script.js';
import { requestText } from './sip-text.js';

export type Hop = keyof typeof numberPrefixes;

/** The user of a script behind a hostile next hop. */
export function calledUser(hop: Hop): string {
  return `${numberPrefixes[hop]}{{digits}}`;
}

/** A bot writes to the user: MESSAGE, or INVITE and MSRP. */
export function written(hop: Hop, bot: string, random: Random): readonly Step[] {
  const text = random.oneIn(6) ? 'z'.repeat(random.pick([1200, 5000, 30_000])) : 'hello {{nonce}}';
  const chatMessage = { text, reportRequest: ['Sent', 'Delivered', 'Displayed', 'Failed'] };
  return posted(`${contactPath(hop, bot)}/adhoc/messages`, { chatMessage });
}

/** INVITE without a message. */
export function invited(hop: Hop, bot: string): readonly Step[] {
  const tParticipantAddress = `tel:${calledUser(hop)}`;
  return posted(contactPath(hop, bot), { chatSessionInformation: { subject: 's', tParticipantAddress } });
}

/** OPTIONS. */
export function capabilitiesAsked(hop: Hop): readonly Step[] {
  const contact = encodedUser(hop);
  const path = `/capabilitydiscovery/v1/${encodeURIComponent(bots.session)}/contactCapabilities/${contact}`;
  return [send('rest', `GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\n\r\n`)];
}

function contactPath(hop: Hop, bot: string): string {
  return `/chat/v1/${encodeURIComponent(bot)}/oneToOne/${encodedUser(hop)}`;
}

function encodedUser(hop: Hop): string {
  return encodeURIComponent(`tel:${calledUser(hop)}`).replace('%7B%7Bdigits%7D%7D', '{{digits}}');
}

/** A bot of its own, whose callbacks go to the script. */
const ownBot = `sip:b{{nonce}}@${calledDomain}`;

/** So that callbacks come. */
export function subscribed(): readonly Step[] {
  const callbackReference = { notifyURL: 'http://127.0.0.1:{{called}}/{{nonce}}' };
  const path = `/chat/v1/${ownBot.replace(':', '%3A').replace('@', '%40')}/subscriptions`;
  return posted(path, { chatNotificationSubscription: { callbackReference, duration: 2 } });
}

export function unsubscribed(): readonly Step[] {
  return [
    send('rest', `DELETE {{location}} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\n\r\n`),
    answerTo('rest'),
  ];
}

/** A user writes to it. */
export function told(random: Random, at: number): readonly Step[] {
  const number = `+1555010${String(random.below(10_000)).padStart(4, '0')}`;
  const call = { wire: 'sip-tcp', bot: ownBot, number, at } as const;
  return [
    send('sip-tcp', requestText('MESSAGE', call, { type: 'message/cpim', body: cpimMessage(random) })),
    answerTo('sip-tcp'),
  ];
}

function posted(path: string, value: unknown): readonly Step[] {
  const head = [`POST ${path} HTTP/1.1`, 'Host: x', `Authorization: Bearer ${key}`, 'Content-Type: application/json'];
  const text = [...head, 'Content-Length: {{length}}', '', JSON.stringify(value)].join('\r\n');
  return [send('rest', text), answerTo('rest')];
}
