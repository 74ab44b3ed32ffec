/** What phones and strangers say in MSRP: chunks of a session that SIP has agreed on, and what no session has. */
import type { Random } from '../random.js';
import { contentOf, cpimMessage, wordsOf } from './contents.js';
import { key } from './names.js';
import { disordered, roughened, type Roughness } from './rough.js';
import { answerTo, leave, type Script, send, type Step } from './script.js';
import { type Call, callOf, offer, requestText } from './sip-text.js';
import { bots } from './names.js';

const roughness: Roughness = {
  shape: 'lines',
  words: [...wordsOf('msrp-frames', 'msrp-values'), '{{path}}', '{{transaction}}', '{{message-id}}'],
  maxBytes: 70_000,
};
const ownPath = 'msrp://127.0.0.1:9/phone{{nonce}};tcp';

/** The way there is mostly honest: what is behind it is meant. */
export function msrpScript(random: Random): Script {
  const call: Call = { ...callOf('sip-tcp', random), bot: random.pick([bots.session, bots.session, bots.standalone]) };
  const talk = Array.from({ length: 1 + random.below(4) }, () => random.pick(plots)({ call, random })).flat();
  const agreed = random.oneIn(10) ? [] : agreement(call);
  const bye = random.oneIn(3)
    ? [send('sip-tcp', requestText('BYE', call, { inside: true, cseq: 9 })), answerTo('sip-tcp')]
    : [];
  return {
    manners: random.pick(['takes', 'takes', 'refuses', 'silent', 'garbage'] as const),
    steps: [...agreed, ...roughened(disordered(talk, random), roughness, random), answerTo('msrp', 30), ...bye],
  };
}

/** INVITE, ACK, and the SEND without content that binds the connection (RFC 4975 §5.4). */
function agreement(call: Call): readonly Step[] {
  return [
    send('sip-tcp', requestText('INVITE', call, { type: 'application/sdp', body: offer() })),
    answerTo('sip-tcp', 500),
    send('sip-tcp', requestText('ACK', call, { inside: true })),
    send('msrp', frame('SEND', { id: 'bind' })),
    answerTo('msrp', 200),
  ];
}

interface Plotting {
  readonly call: Call;
  readonly random: Random;
}

type Plot = (plotting: Plotting) => readonly Step[];

const plots: readonly Plot[] = [
  whole,
  whole,
  chunked,
  chunked,
  crumbs,
  flood,
  reported,
  strange,
  straight,
  again,
  answered,
];

interface Parts {
  /** Of the transaction and the message. */
  readonly id: string;
  readonly messageId?: string;
  readonly range?: string;
  readonly type?: string;
  readonly body?: string;
  readonly flag?: string;
  readonly to?: string;
  readonly lines?: readonly string[];
}

function frame(method: string, parts: Parts): string {
  const { id, messageId = id, range, type = 'message/cpim', body, flag = '$', to = '{{path}}', lines = [] } = parts;
  const head = [
    `MSRP {{nonce}}${id} ${method}`,
    `To-Path: ${to}`,
    `From-Path: ${ownPath}`,
    `Message-ID: {{nonce}}${messageId}`,
    ...(range === undefined ? [] : [`Byte-Range: ${range}`]),
    ...lines,
    ...(body === undefined ? [] : [`Content-Type: ${type}`, '']),
  ];
  return [...head, ...(body === undefined ? [] : [body]), `-------{{nonce}}${id}${flag}`, ''].join('\r\n');
}

function idOf(random: Random): string {
  return `x${random.below(1e9)}`;
}

const reports = ['Success-Report: yes', 'Failure-Report: no', 'Failure-Report: partial'];

function whole({ random }: Plotting): readonly Step[] {
  const body = cpimMessage(random);
  const lines = random.oneIn(2) ? [random.pick(reports)] : [];
  const range = random.oneIn(3)
    ? {}
    : { range: `1-${body.length}/${random.pick([String(body.length), '*', '0', '1'])}` };
  return [send('msrp', frame('SEND', { id: idOf(random), body, lines, ...range })), answerTo('msrp')];
}

/** In several, in order or not, with gaps and overlaps, ended, aborted or never. */
function chunked({ random }: Plotting): readonly Step[] {
  const body = cpimMessage(random);
  const size = 1 + Math.floor(body.length / (1 + random.below(6)));
  const messageId = idOf(random);
  const total = random.oneIn(6) ? random.pick(['*', '0', '1', '999999999', '9007199254740993']) : String(body.length);
  const steps: Step[] = [];
  for (let from = 0; from < body.length; from += size) {
    const part = body.slice(from, from + size);
    const moved = random.oneIn(8) ? from + random.below(30) - 15 : from;
    const end = random.pick(['*', String(moved + part.length), String(moved + part.length)]);
    const last = from + size >= body.length;
    const flag = random.oneIn(12) ? random.pick(['#', '$', '+']) : last ? '$' : '+';
    const range = `${moved + 1}-${end}/${total}`;
    steps.push(send('msrp', frame('SEND', { id: idOf(random), messageId, range, body: part, flag })));
  }
  if (random.oneIn(4)) steps.reverse();
  return [...steps, answerTo('msrp')];
}

/** An octet each, in one write. */
function crumbs({ random }: Plotting): readonly Step[] {
  const messageId = idOf(random);
  const count = 1 + random.below(400);
  const gap = random.oneIn(2) ? 2 : 1;
  const frames = Array.from({ length: count }, (_, at) => {
    const from = 1 + at * gap;
    return frame('SEND', { id: `c${at}`, messageId, range: `${from}-${from}/*`, body: 'x', flag: '+' });
  });
  return [send('msrp', frames.join('')), answerTo('msrp')];
}

/** Many messages begun, none ended; or ranges that no memory has. */
function flood({ random }: Plotting): readonly Step[] {
  const frames = Array.from({ length: 1 + random.below(30) }, () => {
    const from = random.pick([1, 2, 2 ** 20, 2 ** 31, 2 ** 53, random.below(2 ** 30)]);
    const range = `${from}-*/${random.pick(['*', String(2 ** 31), String(from), '10'])}`;
    return frame('SEND', { id: idOf(random), range, body: 'y'.repeat(random.below(2000)), flag: '+' });
  });
  return [send('msrp', ...(random.oneIn(2) ? frames : [frames.join('')])), answerTo('msrp')];
}

/** Reports and responses, of something or nothing. */
function reported({ random }: Plotting): readonly Step[] {
  const status = random.pick(['000 200 OK', '000 413', '000 999', '001 200', '']);
  const messageId = random.oneIn(2) ? '{{message-id}}' : 'none';
  const report = frame('REPORT', { id: idOf(random), range: '1-5/5', lines: [`Status: ${status}`] }).replace(
    /^Message-ID: .*$/m,
    `Message-ID: ${messageId}`,
  );
  const code = random.pick([200, 400, 408, 413, 481, 506, 0, 999]);
  const response = `MSRP {{transaction}} ${code}\r\nTo-Path: {{path}}\r\nFrom-Path: ${ownPath}\r\n-------{{transaction}}$\r\n`;
  return [send('msrp', random.oneIn(2) ? report : response)];
}

function strange({ random }: Plotting): readonly Step[] {
  const method = random.pick(['AUTH', 'NICKNAME', 'SEND', 'REPORT', 'X']);
  const to = random.pick(['{{path}}', 'msrp://127.0.0.1:9/nobody;tcp', `{{path}} {{path}}`, 'msrps://[::1]:1/a;tcp']);
  const body = random.oneIn(2) ? { body: 'x', type: random.pick(['text/plain', 'a/b', 'message/cpim;x="']) } : {};
  return [send('msrp', frame(method, { id: idOf(random), to, ...body })), answerTo('msrp')];
}

function straight({ random }: Plotting): readonly Step[] {
  return [send('msrp', contentOf('msrp-frames', random)), answerTo('msrp', 20)];
}

/** A second connection to the same session. */
function again({ random }: Plotting): readonly Step[] {
  return [
    leave('msrp', random.pick(['forget', 'reset', 'close', 'end'] as const)),
    send('msrp', frame('SEND', { id: idOf(random) })),
    answerTo('msrp', 30),
  ];
}

/** The bot writes to the user: the gateway sends in this session, or calls. */
function answered({ call, random }: Plotting): readonly Step[] {
  const text = random.oneIn(10) ? 'z'.repeat(30_000) : 'hello {{nonce}}';
  const body = JSON.stringify({ chatMessage: { text, reportRequest: ['Sent', 'Delivered', 'Failed'] } });
  const contact = encodeURIComponent(`tel:${call.number}`);
  const path = `/chat/v1/${encodeURIComponent(call.bot)}/oneToOne/${contact}/adhoc/messages`;
  const head = [`POST ${path} HTTP/1.1`, 'Host: x', `Authorization: Bearer ${key}`, 'Content-Type: application/json'];
  return [
    send('rest', [...head, `Content-Length: ${body.length}`, '', body].join('\r\n')),
    answerTo('rest'),
    answerTo('msrp', 30),
  ];
}
