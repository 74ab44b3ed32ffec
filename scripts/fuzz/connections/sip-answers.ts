/** What hostile next hops answer to our INVITE, MESSAGE and OPTIONS, and what they say inside of the calls. */
import type { Random } from '../random.js';
import { contentOf, wordsOf } from './contents.js';
import { bots } from './names.js';
import { type Roughness, spoiltText } from './rough.js';
import { asked, type Reply, type Script, type Step } from './script.js';
import { capabilitiesAsked, type Hop, invited, written } from './triggers.js';

const roughness: Roughness = {
  shape: 'lines',
  words: [...wordsOf('sip-datagram', 'sip-header-list'), '{{via}}', '{{to}}', '{{contact}}', ';tag=', 'branch=z9hG4bK'],
  maxBytes: 60_000,
};

export function sipAnswers(hop: Hop, random: Random): Script {
  const bot = random.pick([bots.session, bots.session, bots.standalone]);
  const triggers: readonly (() => readonly Step[])[] = [
    () => written(hop, bot, random),
    () => written(hop, bot, random),
    () => invited(hop, bots.session),
    () => capabilitiesAsked(hop),
  ];
  const steps = Array.from({ length: 1 + random.below(3) }, () => random.pick(triggers)()).flat();
  return {
    manners: 'silent',
    steps: [...steps, asked(hop, 1, 500), asked(hop, 3, 150), asked(hop, 5, 100)],
    replies: {
      [hop]: [
        ...Array.from({ length: 1 + random.below(3) }, () => toInvite(hop, random)),
        ...Array.from({ length: 1 + random.below(2) }, () => toOther('MESSAGE', hop, random)),
        toOther('OPTIONS', hop, random),
        toAck(hop, random),
        ...['BYE', 'CANCEL', 'UPDATE', 'PRACK'].map((method) => toOther(method, hop, random)),
      ],
      phone: [
        {
          pieces: [
            'MSRP {{transaction}} 200 OK\r\nTo-Path: {{from-path}}\r\nFrom-Path: {{to-path}}\r\n-------{{transaction}}$\r\n',
          ],
        },
      ],
    },
  };
}

/** One in three pieces is spoilt, and some come twice, or in another order. */
function told(to: string, pieces: readonly string[], random: Random): Reply {
  const rough = pieces.map((piece) => (random.oneIn(3) ? spoiltText(piece, roughness, random) : piece));
  if (random.oneIn(8)) rough.push(rough[random.below(rough.length)] ?? '');
  if (random.oneIn(8)) rough.reverse();
  return { to, pieces: rough, ...ending(random) };
}

function ending(random: Random): Pick<Reply, 'everyMs' | 'then'> {
  return {
    ...(random.oneIn(4) ? { everyMs: random.pick([1, 10, 60]) } : {}),
    ...(random.oneIn(16) ? { then: random.pick(['end', 'reset', 'close'] as const) } : {}),
  };
}

interface Answer {
  readonly tag?: string;
  readonly lines?: readonly string[];
  readonly type?: string;
  readonly body?: string;
}

function answer(status: number, hop: Hop, { tag = '{{nonce}}', lines = [], type, body = '' }: Answer = {}): string {
  const transport = hop === 'hop-udp' ? 'udp' : 'tcp';
  return [
    `SIP/2.0 ${status} Whatever`,
    'Via: {{via}}',
    'From: {{from}}',
    `To: {{to}}${tag === '' ? '' : `;tag=${tag}`}`,
    'Call-ID: {{call-id}}',
    'CSeq: {{cseq}}',
    ...(lines.some((line) => line.startsWith('Contact'))
      ? []
      : [`Contact: <sip:called@127.0.0.1:{{${hop}}};transport=${transport}>`]),
    ...lines,
    ...(type === undefined ? [] : [`Content-Type: ${type}`]),
    'Content-Length: {{length}}',
    '',
    body,
  ].join('\r\n');
}

/** Where a phone waits, or what is no such thing. */
export function answerSdp(random: Random): string {
  if (random.oneIn(6)) return contentOf('sdp', random);
  const port = random.oneIn(10) ? random.pick(['0', '9', '65536', '']) : '{{phone}}';
  return [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=-',
    `c=IN IP4 ${random.oneIn(12) ? random.pick(['0.0.0.0', '192.0.2.1', 'nowhere.invalid', '::1']) : '127.0.0.1'}`,
    't=0 0',
    `m=message ${port} ${random.oneIn(10) ? 'TCP/TLS/MSRP' : 'TCP/MSRP'} *`,
    `a=accept-types:${random.oneIn(8) ? random.pick(['', 'text/plain', 'x/y', '*']) : 'message/cpim'}`,
    'a=accept-wrapped-types:*',
    ...(random.oneIn(8) ? [`a=max-size:${random.pick(['0', '1', '-1', '9'.repeat(30)])}`] : []),
    `a=setup:${random.oneIn(6) ? random.pick(['active', 'actpass', 'holdconn']) : 'passive'}`,
    `a=path:msrp://127.0.0.1:{{phone}}/{{nonce}};tcp`,
    '',
  ].join('\r\n');
}

const contacts = [
  'Contact: *',
  'Contact: <sip:called@127.0.0.1:9;transport=tcp>',
  'Contact: <sip:called@nowhere.invalid>',
  'Contact: <sips:called@127.0.0.1>',
  'Contact: <tel:+1>, <sip:a@b>, <sip:c@d>',
  'Contact: {{to}}',
  'Contact: <{{contact}}>',
  `Contact: <sip:${'c'.repeat(9000)}@127.0.0.1>`,
];
const routes = [
  'Record-Route: <sip:127.0.0.1:9;lr>',
  'Record-Route: <sip:nowhere.invalid;lr>, <sip:127.0.0.1>',
  ...['Record-Route: ,', `Record-Route: ${'<sip:127.0.0.1;lr>,'.repeat(300)}<sip:a>`],
];
const demands = [
  'Require: 100rel\r\nRSeq: 1',
  'Require: x',
  'Session-Expires: 1;refresher=uac',
  'Session-Expires: 99999999999',
  'Min-SE: 99999999999',
  'Supported: timer',
  'Allow: ',
  'Retry-After: 99999999999 (never)',
  'Retry-After: -1',
  'WWW-Authenticate: Digest realm="x", nonce="y"',
  'Proxy-Authenticate: Basic',
  'Reason: SIP;cause=200',
  'Warning: 399 x "y"',
];
const statuses = [180, 199, 202, 300, 301, 302, 380, 400, 401, 403, 404, 405, 407, 408, 410, 413, 415, 420, 421];
const moreStatuses = [
  422, 423, 480, 481, 482, 484, 486, 487, 488, 491, 493, 500, 503, 504, 513, 600, 603, 606, 0, 99, 700,
];

function oddLines(random: Random): readonly string[] {
  return [contacts, routes, demands].flatMap((list) => (random.oneIn(5) ? [random.pick(list)] : []));
}

function accepted(hop: Hop, random: Random, tag?: string): string {
  const named = tag === undefined ? {} : { tag };
  const lines = oddLines(random);
  if (random.oneIn(10)) return answer(200, hop, { ...named, lines });
  return answer(200, hop, { ...named, lines, type: 'application/sdp', body: answerSdp(random) });
}

function provisional(hop: Hop, random: Random): string {
  const status = random.pick([100, 180, 181, 183, 183, 199]);
  const lines = random.oneIn(3)
    ? [`Require: 100rel\r\nRSeq: ${random.pick(['1', '0', '2', '4294967296'])}`]
    : oddLines(random);
  const body = random.oneIn(3) ? { type: 'application/sdp', body: answerSdp(random) } : {};
  return answer(status, hop, {
    tag: random.pick(['', '{{nonce}}', 'early', `e${random.below(1000)}`]),
    lines,
    ...body,
  });
}

function final(hop: Hop, random: Random): string {
  return answer(random.pick([...statuses, ...moreStatuses]), hop, { lines: oddLines(random) });
}

/** Provisional ones, a final one or several of several ends, none at all; and sometimes a BYE right behind. */
function toInvite(hop: Hop, random: Random): Reply {
  const before = Array.from({ length: random.below(random.oneIn(20) ? 60 : 3) }, () => provisional(hop, random));
  const forks = Array.from({ length: random.oneIn(4) ? 1 + random.below(4) : 0 }, (_, at) =>
    accepted(hop, random, `fork${at}`),
  );
  const ends = random.oneIn(12) ? [] : [random.oneIn(3) ? final(hop, random) : accepted(hop, random)];
  const behind = random.oneIn(5)
    ? [inside(random.pick(['BYE', 'UPDATE', 'INVITE', 'OPTIONS', 'CANCEL', 'ACK']), hop, random)]
    : [];
  const late = random.oneIn(6) ? [provisional(hop, random), final(hop, random)] : [];
  return told('INVITE', [...before, ...ends, ...forks, ...behind, ...late], random);
}

function toOther(method: string, hop: Hop, random: Random): Reply {
  if (random.oneIn(12)) return { to: method, pieces: [] };
  const before = random.oneIn(4) ? [provisional(hop, random)] : [];
  const end = random.oneIn(2) ? answer(200, hop, { lines: oddLines(random) }) : final(hop, random);
  const more = random.oneIn(6) ? [answer(200, hop, { tag: 'other' })] : [];
  return told(method, [...before, end, ...more], random);
}

/** The call stands: it is changed, asked, ended. */
function toAck(hop: Hop, random: Random): Reply {
  const methods = Array.from({ length: random.below(4) }, () =>
    random.pick(['INVITE', 'UPDATE', 'BYE', 'OPTIONS', 'MESSAGE', 'INFO']),
  );
  return told(
    'ACK',
    methods.map((method) => inside(method, hop, random)),
    random,
  );
}

/** A request of the callee: From and To change their places. */
function inside(method: string, hop: Hop, random: Random): string {
  const body = method === 'INVITE' || method === 'UPDATE' ? answerSdp(random) : '';
  return [
    `${method} {{contact}} SIP/2.0`,
    `Via: SIP/2.0/${hop === 'hop-udp' ? 'UDP' : 'TCP'} 127.0.0.1:{{${hop}}};branch=z9hG4bK{{nonce}}${random.below(1e6)}`,
    'Max-Forwards: 70',
    'From: {{to}};tag={{nonce}}',
    'To: {{from}}',
    'Call-ID: {{call-id}}',
    `CSeq: ${random.pick([1, 2, 3, 0, 2 ** 31 - 1])} ${method}`,
    ...oddLines(random),
    ...(body === '' ? [] : ['Content-Type: application/sdp']),
    'Content-Length: {{length}}',
    '',
    body,
  ].join('\r\n');
}
