/** What hostile phones say in MSRP where the gateway has connected to them, as their SDP told it to. */
import type { Random } from '../random.js';
import { contentOf, cpimMessage, wordsOf } from './contents.js';
import { bots } from './names.js';
import { type Roughness, spoiltText } from './rough.js';
import { asked, type Reply, type Script } from './script.js';
import { invited, written } from './triggers.js';

const roughness: Roughness = {
  shape: 'lines',
  words: [
    ...wordsOf('msrp-frames', 'msrp-values'),
    '{{to-path}}',
    '{{from-path}}',
    '{{transaction}}',
    '{{message-id}}',
  ],
  maxBytes: 60_000,
};

/** The call is honest: what is behind it is meant. */
export function msrpAnswers(random: Random): Script {
  const hop = 'hop-tcp';
  const writes = Array.from({ length: 1 + random.below(3) }, () => written(hop, bots.session, random)).flat();
  return {
    manners: 'silent',
    steps: [
      ...(random.oneIn(4) ? invited(hop, bots.session) : []),
      ...writes,
      asked('phone', 1, 500),
      asked('phone', 3, 150),
      asked('phone', 8, 100),
    ],
    replies: {
      [hop]: [{ to: 'INVITE', pieces: [accepted] }, { to: 'ACK', pieces: [] }, { pieces: [polite] }],
      phone: Array.from({ length: 1 + random.below(5) }, () => reply(random)),
    },
  };
}

const copied = ['Via: {{via}}', 'From: {{from}}', 'To: {{to}};tag={{nonce}}', 'Call-ID: {{call-id}}', 'CSeq: {{cseq}}'];
const polite = ['SIP/2.0 200 OK', ...copied, 'Content-Length: 0', '', ''].join('\r\n');
const accepted = [
  'SIP/2.0 200 OK',
  ...copied,
  'Contact: <sip:called@127.0.0.1:{{hop-tcp}};transport=tcp>',
  'Content-Type: application/sdp',
  'Content-Length: {{length}}',
  '',
  'v=0',
  'o=- 1 1 IN IP4 127.0.0.1',
  's=-',
  'c=IN IP4 127.0.0.1',
  't=0 0',
  'm=message {{phone}} TCP/MSRP *',
  'a=accept-types:message/cpim',
  'a=accept-wrapped-types:*',
  'a=setup:passive',
  'a=path:msrp://127.0.0.1:{{phone}}/{{nonce}};tcp',
  '',
].join('\r\n');

type Say = (random: Random) => readonly string[];

const says: readonly Say[] = [
  taken,
  taken,
  taken,
  refused,
  strangers,
  reports,
  sends,
  sends,
  floods,
  (random) => [contentOf('msrp-frames', random)],
  () => [],
];

function reply(random: Random): Reply {
  const pieces = Array.from({ length: 1 + random.below(3) }, () => random.pick(says)(random)).flat();
  const rough = pieces.map((piece) => (random.oneIn(4) ? spoiltText(piece, roughness, random) : piece));
  const cut = random.oneIn(4) ? rough.flatMap((piece) => halves(piece, random)) : rough;
  return {
    pieces: cut,
    ...(random.oneIn(4) ? { everyMs: random.pick([1, 5, 40]) } : {}),
    ...(random.oneIn(12) ? { then: random.pick(['end', 'reset', 'close'] as const) } : {}),
  };
}

function halves(text: string, random: Random): readonly string[] {
  const at = random.below(text.length + 1);
  return [text.slice(0, at), text.slice(at)];
}

function response(status: number | string, id = '{{transaction}}', lines: readonly string[] = []): string {
  return [
    `MSRP ${id} ${status}`,
    'To-Path: {{from-path}}',
    'From-Path: {{to-path}}',
    ...lines,
    `-------${id}$`,
    '',
  ].join('\r\n');
}

function taken(): readonly string[] {
  return [response('200 OK')];
}

function refused(random: Random): readonly string[] {
  const status = random.pick([400, 403, 408, 413, 415, 423, 481, 501, 506, 100, 299, 0, 999, '', '200 '.repeat(50)]);
  return [response(status), ...(random.oneIn(3) ? [response('200 OK')] : [])];
}

/** Of transactions that are none, or that are over. */
function strangers(random: Random): readonly string[] {
  const id = random.pick(['none', 'x'.repeat(33), '{{transaction}}x', '{{nonce}}']);
  return [
    response('200 OK', id, random.oneIn(2) ? [`Expires: ${'9'.repeat(20)}`] : []),
    ...(random.oneIn(2) ? taken() : []),
  ];
}

interface Parts {
  readonly id: string;
  readonly messageId?: string;
  readonly lines?: readonly string[];
  readonly body?: string;
  readonly flag?: string;
}

function request(method: string, { id, messageId = id, lines = [], body, flag = '$' }: Parts): string {
  const head = [
    `MSRP ${id} ${method}`,
    'To-Path: {{from-path}}',
    'From-Path: {{to-path}}',
    `Message-ID: ${messageId}`,
    ...lines,
  ];
  const told = body === undefined ? [] : ['Content-Type: message/cpim', '', body];
  return [...head, ...told, `-------${id}${flag}`, ''].join('\r\n');
}

function idOf(random: Random): string {
  return `{{nonce}}${random.below(1e6)}`;
}

function reports(random: Random): readonly string[] {
  const status = random.pick(['000 200 OK', '000 413', '000 999', '001 200', '', '0'.repeat(500)]);
  const range = random.pick(['1-5/5', '1-*/*', '9-1/0', '0-0/0', `1-${'9'.repeat(25)}/1`]);
  const messageId = random.oneIn(3) ? 'none' : '{{message-id}}';
  const report = request('REPORT', {
    id: idOf(random),
    messageId,
    lines: [`Byte-Range: ${range}`, `Status: ${status}`],
  });
  return Array.from({ length: random.oneIn(5) ? 30 : 1 }, () => report);
}

function sends(random: Random): readonly string[] {
  const body = cpimMessage(random);
  const lines = [
    `Byte-Range: 1-${body.length}/${body.length}`,
    ...(random.oneIn(3) ? [random.pick(['Success-Report: yes', 'Failure-Report: no', 'Failure-Report: partial'])] : []),
  ];
  return [request('SEND', { id: idOf(random), lines, body, flag: random.oneIn(6) ? random.pick(['+', '#']) : '$' })];
}

/** Many begun, none ended; an endless one. */
function floods(random: Random): readonly string[] {
  const count = 1 + random.below(40);
  return Array.from({ length: count }, (_, at) => {
    const from = random.pick([1, 2, 2 ** 20, 2 ** 31, 2 ** 53]);
    const id = `{{nonce}}f${at}`;
    return request('SEND', { id, lines: [`Byte-Range: ${from}-*/*`], body: 'y'.repeat(random.below(3000)), flag: '+' });
  });
}
