/** A phone, a platform and an operator who do all as it should be: whatever others do, they are served. */
import { adminKey, bots, honestKey } from './names.js';
import { answerTo, type Script, send } from './script.js';
import { type Call, offer, requestText } from './sip-text.js';

const call: Call = { wire: 'sip-tcp', bot: bots.honest, number: '+15550109999', at: 0 };
const answerMs = 5000;
/** Comes to the callback server of the bot, and to a user. */
export const honestText = 'Is anybody there, {{nonce}}?';

/** A chat with one message in it, a pager message, a look at each HTTP face, and a message to a user. */
export const honest: Script = {
  manners: 'takes',
  steps: [
    send('sip-tcp', requestText('INVITE', call, { type: 'application/sdp', body: offer() })),
    answerTo('sip-tcp', answerMs),
    send('sip-tcp', requestText('ACK', call, { inside: true })),
    send('msrp', chunk('bind')),
    answerTo('msrp', answerMs),
    send('msrp', chunk('said', message('chat'))),
    answerTo('msrp', answerMs),
    send('sip-tcp', requestText('BYE', call, { inside: true, cseq: 2 })),
    answerTo('sip-tcp', answerMs),
    send('sip-tcp', requestText('MESSAGE', { ...call, at: 1 }, { type: 'message/cpim', body: message('pager') })),
    answerTo('sip-tcp', answerMs),
    send('rest', get(`/chat/v1/${encodeURIComponent(bots.honest)}/subscriptions`, honestKey)),
    answerTo('rest', answerMs),
    send('admin', get('/trace', adminKey)),
    answerTo('admin', answerMs),
    send('rest', writing()),
    answerTo('rest', answerMs),
  ],
};

const due = ['sip-tcp 200', 'msrp 200', 'msrp 200', 'sip-tcp 200', 'sip-tcp 200', 'rest 200', 'admin 200', 'rest 201'];

/** What he was refused, under TLS or not; undefined: nothing. */
export function refused(heard: readonly string[]): string | undefined {
  const answers = heard.map((answer) => answer.replace(/^tls-sip/, 'sip-tcp').replace(/^tls-/, ''));
  const same = answers.length === due.length && answers.every((answer, at) => answer === due[at]);
  return same ? undefined : `instead of ${due.join(', ')}: ${answers.join(', ')}`;
}

function chunk(id: string, body?: string): string {
  return [
    `MSRP {{nonce}}${id} SEND`,
    'To-Path: {{path}}',
    'From-Path: msrp://127.0.0.1:9/phone{{nonce}};tcp',
    `Message-ID: {{nonce}}${id}`,
    ...(body === undefined
      ? []
      : [`Byte-Range: 1-${body.length}/${body.length}`, 'Content-Type: message/cpim', '', body]),
    `-------{{nonce}}${id}$`,
    '',
  ].join('\r\n');
}

function message(id: string): string {
  return [
    'From: <sip:anonymous@anonymous.invalid>',
    'To: <sip:anonymous@anonymous.invalid>',
    'NS: imdn <urn:ietf:params:imdn>',
    `imdn.Message-ID: {{nonce}}${id}`,
    'DateTime: 2026-11-22T10:00:00Z',
    '',
    'Content-Type: text/plain;charset=UTF-8',
    '',
    honestText,
  ].join('\r\n');
}

/** The bot writes to a user. */
function writing(): string {
  const body = JSON.stringify({ chatMessage: { text: honestText } });
  const path = `/chat/v1/${encodeURIComponent(bots.honest)}/oneToOne/tel%3A%2B15550109998/adhoc/messages`;
  const head = [
    `POST ${path} HTTP/1.1`,
    'Host: x',
    `Authorization: Bearer ${honestKey}`,
    'Content-Type: application/json',
  ];
  return [...head, `Content-Length: ${body.length}`, '', body].join('\r\n');
}

function get(path: string, credential: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${credential}\r\n\r\n`;
}
