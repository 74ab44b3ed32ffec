/** What hostile callback servers and issuers of tokens answer to our requests, octet by octet. */
import { Buffer } from 'node:buffer';
import type { Random } from '../random.js';
import { contentOf, wordsOf } from './contents.js';
import { tokenPart as part } from './names.js';
import { type Roughness, spoiltText } from './rough.js';
import { answerTo, asked, type Reply, type Script, send } from './script.js';
import { subscribed, told, unsubscribed } from './triggers.js';

const roughness: Roughness = {
  shape: 'lines',
  words: [
    ...wordsOf('rest-accept', 'rest-json'),
    ...[
      'Transfer-Encoding: chunked\r\n',
      'Content-Length: 5\r\n',
      'Retry-After: ',
      'Location: /\r\n',
      'HTTP/1.1 100 \r\n\r\n',
    ],
  ],
  maxBytes: 140_000,
};

/** A user writes to a bot, once or thrice; the callbacks are answered badly, again and again. */
export function callbackAnswers(random: Random): Script {
  const messages = 1 + random.below(3);
  return {
    manners: 'silent',
    steps: [
      ...subscribed(),
      ...Array.from({ length: messages }, (_, at) => told(random, at)).flat(),
      asked('callback', 1, 500),
      asked('callback', 1 + messages, 200),
      ...(random.oneIn(2) ? unsubscribed() : []),
    ],
    replies: { callback: Array.from({ length: 1 + random.below(4) }, () => reply(random, content)) },
  };
}

/** A token of an issuer, whose keys are then asked for. */
export function issuerAnswers(random: Random): Script {
  const alg = random.pick(['ES256', 'RS256', 'PS512', 'EdDSA', 'ES384']);
  const kid = random.oneIn(3) ? {} : { kid: random.oneIn(2) ? 'k' : `k${random.below(9)}` };
  const bearer = [
    part({ alg, typ: 'at+jwt', ...kid }),
    '{{claims}}',
    Buffer.alloc(64, random.below(256)).toString('base64url'),
  ].join('.');
  const request = `GET /chat/v1/sip%3Aissued-{{issuer}}%40fuzz.example.net/subscriptions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${bearer}\r\n\r\n`;
  return {
    manners: 'silent',
    steps: [
      send('rest', request),
      asked('issuer', 1, 300),
      answerTo('rest', 300),
      send('rest', request),
      answerTo('rest', 300),
    ],
    replies: { issuer: Array.from({ length: 1 + random.below(2) }, () => reply(random, keys(alg))) },
  };
}

type Content = (random: Random) => string;

function reply(random: Random, body: Content): Reply {
  const [head, told] = [headOf(random), body(random)];
  const text = random.oneIn(12) ? random.pick(unlike) : `${head}${framed(told, random)}`;
  const first = random.oneIn(5)
    ? Array.from({ length: 1 + random.below(random.oneIn(8) ? 300 : 3) }, () => random.pick(interim))
    : [];
  const whole = [...first, random.oneIn(3) ? spoiltText(text, roughness, random) : text];
  const pieces = random.oneIn(5) ? crumbs(whole.join(''), random) : whole;
  return {
    pieces: [...pieces, ...(random.oneIn(8) ? ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'] : [])],
    ...(pieces.length > 1 && random.oneIn(2) ? { everyMs: random.pick([1, 20]) } : {}),
    ...(random.oneIn(2) ? { then: random.pick(['end', 'reset', 'close'] as const) } : {}),
  };
}

/** As one reads it who has all the time. */
function crumbs(text: string, random: Random): readonly string[] {
  const size = 1 + random.below(40) + Math.floor(text.length / 40);
  return Array.from({ length: Math.ceil(text.length / size) }, (_, at) => text.slice(at * size, (at + 1) * size));
}

const unlike = [
  '',
  '\r\n\r\n',
  'ICY 200 OK\r\n\r\n',
  'HTTP/2.0 200 OK\r\n\r\n',
  '\x16\x03\x01\x00\x05hello',
  'SIP/2.0 200 OK\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  '200\r\n\r\n',
  'H'.repeat(100_000),
];
const interim = [
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n',
  'HTTP/1.1 102 x\r\nRetry-After: 9\r\n\r\n',
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
];
const statuses = [
  '200 OK',
  '200 OK',
  '200 OK',
  '201',
  '202 x',
  '204 No Content',
  '205 x',
  '206 x',
  '226 x',
  '300 x',
  '301 x',
  '302 x',
  '303 x',
  '304 x',
  '307 x',
  '308 x',
  '400 x',
  '401 x',
  '403 x',
  '404 x',
  '407 x',
  '408 x',
  '410 Gone',
  '417 x',
  '421 x',
  '425 x',
  '426 x',
  '429 x',
  '429 x',
  '431 x',
  '500 x',
  '502 x',
  '503 x',
  '503 x',
  '599 x',
  '600 x',
  '999 x',
  '1000 x',
  '99 x',
  '0 x',
  '-1 x',
  'abc',
  '',
];
const patience = [
  '0',
  '-1',
  '1',
  '0.5',
  '1e9',
  'nonsense',
  '99999999999999999999',
  '9'.repeat(5000),
  'Fri, 31 Dec 9999 23:59:59 GMT',
  'Thu, 01 Jan 1970 00:00:00 GMT',
  '5, 5',
  '',
  '٣',
];
const others = [
  'WWW-Authenticate: Digest realm="x", qop="auth',
  'WWW-Authenticate: ,,,',
  'Proxy-Authenticate: Basic',
  'Location: /',
  'Location: http://127.0.0.1:9/',
  'Location: file:///etc/passwd',
  'Location: http://[::',
  'Connection: close',
  'Connection: upgrade',
  'Keep-Alive: timeout=99999999999',
  'Keep-Alive: timeout=0',
  'Content-Encoding: gzip',
  'Content-Encoding: br, br, br',
  'Trailer: x',
  'Upgrade: h2c',
  'Set-Cookie: a=b',
  'Refresh: 0',
  'Alt-Svc: h3=":1"',
  'X: \0',
  ' folded: x',
  ': x',
  'no colon',
  `X: ${'x'.repeat(70_000)}`,
  Array.from({ length: 1500 }, (_, at) => `X-${at}: y`).join('\r\n'),
];

function headOf(random: Random): string {
  const status = random.pick(statuses);
  const lines = [
    ...(random.oneIn(3) || /^(429|503)/.test(status) ? [`Retry-After: ${random.pick(patience)}`] : []),
    ...Array.from({ length: random.below(3) }, () => random.pick(others)),
  ];
  return [`HTTP/1.${random.oneIn(8) ? 0 : 1} ${status}`, ...lines, ''].join('\r\n');
}

/** As long as it says, or not; in chunks that are some, or not; until the end of the connection. */
function framed(body: string, random: Random): string {
  const size = body.length.toString(16);
  return random.pick([
    `Content-Length: ${body.length}\r\n\r\n${body}`,
    `Content-Length: ${body.length}\r\n\r\n${body}`,
    `Content-Length: ${random.pick([0, body.length + 9, body.length - 1, -1, 2 ** 31, 2 ** 53])}\r\n\r\n${body}`,
    `Content-Length: 1\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    `Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n${size}\r\n${body}\r\n0\r\n\r\n`,
    `Transfer-Encoding: chunked\r\n\r\n${size}\r\n${body}\r\n0\r\n\r\n`,
    `Transfer-Encoding: chunked\r\n\r\n${random.pick(['ffffffffffffffff', '-1', 'x', '', `1;${'e'.repeat(20_000)}`])}\r\n${body}`,
    `Transfer-Encoding: chunked\r\n\r\n0\r\nX: ${'t'.repeat(random.pick([3, 20_000]))}\r\n\r\n`,
    `Transfer-Encoding: gzip, identity\r\n\r\n${body}`,
    `\r\n${body}`,
    '',
  ]);
}

function content(random: Random): string {
  return random.pick(['', 'ok', '{}', 'x'.repeat(200_000), contentOf('rest-json', random), '\0'.repeat(70)]);
}

/** Key sets: of few and many keys, of keys that fit and that are none. */
function keys(alg: string): Content {
  return (random) => {
    const count = random.pick([0, 1, 1, 2, 3, random.oneIn(6) ? 4000 : 5]);
    const list = Array.from({ length: count }, (_, at) => ({
      ...random.pick(kinds),
      kid: random.oneIn(2) ? 'k' : `k${at}`,
      ...(random.oneIn(3) ? { alg } : {}),
    }));
    const text = JSON.stringify({ keys: list });
    return random.pick([
      text,
      text,
      text,
      text,
      '{"keys":{}}',
      '{"keys":[null,1,"x",[]]}',
      '[]',
      'null',
      '{',
      '',
      '{"keys":'.repeat(5000),
      contentOf('rest-json', random),
      `{"keys":[${'{},'.repeat(200_000)}{}]}`,
    ]);
  };
}

const point = { x: 'MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4', y: '4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM' };
const kinds: readonly Readonly<Record<string, unknown>>[] = [
  { kty: 'EC', crv: 'P-256', ...point },
  { kty: 'EC', crv: 'P-256', ...point, use: 'enc' },
  { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' },
  { kty: 'EC', crv: 'P-384', ...point },
  { kty: 'EC', crv: '__proto__', ...point, key_ops: 'verify' },
  { kty: 'OKP', crv: 'Ed25519', x: point.x },
  { kty: 'OKP', crv: 'Ed25519', x: '' },
  { kty: 'RSA', n: 'AQAB', e: 'AQAB' },
  { kty: 'RSA', n: Buffer.alloc(256, 0xc1).toString('base64url'), e: 'AQAB' },
  { kty: 'RSA', n: Buffer.alloc(2048, 0xc1).toString('base64url'), e: Buffer.alloc(2048, 0xc1).toString('base64url') },
  { kty: 'RSA', n: 5, e: null },
  { kty: 'oct', k: 'AA' },
  { kty: 'x' },
  {},
];
