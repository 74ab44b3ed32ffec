/** What platforms, operators and strangers say in HTTP, octet by octet. */
import type { Random } from '../random.js';
import { contentOf, wordsOf } from './contents.js';
import { adminKey, bots, key } from './names.js';
import { disordered, roughened, type Roughness } from './rough.js';
import { answerTo, type Script, send, type Step } from './script.js';

type Face = 'rest' | 'admin';

const roughness: Roughness = {
  shape: 'lines',
  words: [
    ...wordsOf('rest-json', 'rest-accept'),
    ...['Transfer-Encoding: chunked\r\n', 'Content-Length: 5\r\n', 'Expect: 100-continue\r\n', 'Connection: close\r\n'],
    ...[
      'Upgrade: h2c\r\n',
      'Host: y\r\n',
      '\r\n0\r\n\r\n',
      '\r\nffffffff\r\n',
      'HTTP/1.0',
      'HTTP/2.0',
      'PRI * ',
      '%00',
      '%2e%2e',
      '//',
    ],
  ],
  maxBytes: 140_000,
};

export function httpScript(face: Face, random: Random): Script {
  const plot =
    face === 'rest'
      ? random.pick([resources, resources, made, made, channel, raw])
      : random.pick([operator, operator, raw]);
  return { manners: 'silent', steps: roughened(disordered(plot(face, random), random), roughness, random) };
}

interface Head {
  readonly method: string;
  readonly path: string;
  readonly lines?: readonly string[];
  readonly type?: string;
  readonly body?: string;
}

const credentials = { rest: key, admin: adminKey };

function request(face: Face, { method, path, lines = [], type, body }: Head, random: Random): readonly Step[] {
  const credential = random.oneIn(12) ? random.pick(['wrong', '', 'a b', 'x'.repeat(3000)]) : credentials[face];
  const head = [
    `${method} ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    ...(random.oneIn(12) ? [] : [`Authorization: Bearer ${credential}`]),
    ...(random.oneIn(6) ? [`Accept: ${contentOf('rest-accept', random).replaceAll(/[\r\n]/g, '')}`] : []),
    ...lines,
    ...(type === undefined ? [] : [`Content-Type: ${type}`]),
  ];
  return [send(face, `${head.join('\r\n')}\r\n${framed(body, random)}`), answerTo(face)];
}

/** With its length, in chunks, or with a length that is not its own. */
function framed(body: string | undefined, random: Random): string {
  if (body === undefined) return '\r\n';
  if (random.oneIn(8)) {
    const at = random.below(body.length + 1);
    const chunks = [body.slice(0, at), body.slice(at)].filter((part) => part !== '');
    const printed = chunks.map((part) => `${part.length.toString(16)}${random.oneIn(5) ? ';x=y' : ''}\r\n${part}\r\n`);
    return `Transfer-Encoding: chunked\r\n\r\n${printed.join('')}0\r\n\r\n`;
  }
  const length = random.oneIn(20) ? random.pick([0, body.length + 5, body.length - 1, 2 ** 31, 2 ** 53]) : body.length;
  return `Content-Length: ${length}\r\n\r\n${body}`;
}

const users = [
  'tel:+15550100001',
  'sip:+15550100002@ims.example.net;user=phone',
  'tel:911',
  'acr:auth',
  '../x',
  'tel:+1\r\nX: y',
  '',
];

function pathOf(random: Random): string {
  const bot = random.pick([
    bots.session,
    bots.session,
    bots.standalone,
    bots.confirmed,
    bots.honest,
    'acr:auth',
    'tel:+1',
    'sip:',
  ]);
  const parts: Readonly<Record<string, string>> = {
    bot: encodeURIComponent(bot),
    user: encodeURIComponent(random.pick(users)),
    id: random.pick(['{{nonce}}', 'none', '%', '%zz', '%00', '..%2f', '%F0%9F%98%80', '__proto__', 'x'.repeat(5000)]),
  };
  const path = random.pick(paths).replaceAll(/\{(\w+)\}/g, (_, name: string) => parts[name] ?? '');
  return random.oneIn(8)
    ? `${path}?${random.pick(['x=%zz', 'maxEntries=-1', '&&=', 'after=%00', `a=${'b'.repeat(9000)}`])}`
    : path;
}

const chat = '/chat/v1/{bot}';
const paths = [
  ...[
    `${chat}/subscriptions`,
    `${chat}/subscriptions/{id}`,
    '/spamreport/v1/{bot}/reports',
    '/spamreport/v1/{bot}/subscriptions',
  ],
  ...[
    `${chat}/oneToOne/{user}/adhoc/messages`,
    `${chat}/oneToOne/{user}/adhoc/messages`,
    `${chat}/oneToOne/{user}/adhoc/messages/{id}`,
  ],
  ...[`${chat}/oneToOne/{user}/adhoc/messages/{id}/status`, `${chat}/oneToOne/{user}`, `${chat}/oneToOne/{user}/{id}`],
  ...[
    `${chat}/oneToOne/{user}/{id}/messages`,
    `${chat}/oneToOne/{user}/{id}/status`,
    '/aliasmgmt/v1/{bot}/{user}/commands/{id}/status',
  ],
  ...['/capabilitydiscovery/v1/{bot}/contactCapabilities', '/capabilitydiscovery/v1/{bot}/contactCapabilities/{user}'],
  ...['/capabilitydiscovery/v1/{bot}/capabilitySources', '/capabilitydiscovery/v1/{bot}/capabilitySources/{id}'],
  ...[
    '/notificationchannel/v1/{bot}/channels',
    '/notificationchannel/v1/{bot}/channels/{id}',
    '/oauth2/token',
    '/openapi.json',
  ],
  ...['/docs/', '/docs/..%2f..%2fetc/passwd', '/', '*', '//', '/{id}', 'http://x/chat/v1/{bot}/subscriptions'],
];

const methods = [
  'GET',
  'GET',
  'POST',
  'POST',
  'POST',
  'PUT',
  'DELETE',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'TRACE',
  'CONNECT',
  'get',
];

function resources(face: Face, random: Random): readonly Step[] {
  return Array.from({ length: 1 + random.below(4) }, () => {
    const method = random.pick(methods);
    const told = method === 'GET' || method === 'HEAD' ? {} : content(random);
    const lines = random.oneIn(10)
      ? [random.pick(['Expect: 100-continue', 'Upgrade: h2c', 'Connection: Upgrade', 'Idempotency-Key: 1'])]
      : [];
    return request(face, { method, path: pathOf(random), lines, ...told }, random);
  }).flat();
}

function content(random: Random): Pick<Head, 'type' | 'body'> {
  if (random.oneIn(4)) return { type: 'application/xml', body: contentOf('rest-xml', random) };
  if (random.oneIn(12))
    return {
      type: random.pick(['text/plain', 'application/json;charset=utf-16', '']),
      body: contentOf('body', random),
    };
  return { type: 'application/json', body: contentOf('rest-json', random) };
}

/** Something is made, looked at, changed and removed, twice. */
function made(face: Face, random: Random): readonly Step[] {
  const bot = encodeURIComponent(random.pick([bots.session, bots.standalone, bots.confirmed]));
  const [path, body] = random.pick(makings);
  const one = (method: string, to = '{{location}}', text?: string): readonly Step[] =>
    request(
      face,
      { method, path: to, ...(text === undefined ? {} : { type: 'application/json', body: text }) },
      random,
    );
  return [
    ...one('POST', path.replace('{bot}', bot), JSON.stringify(body)),
    ...one('GET'),
    ...one('PUT', random.oneIn(2) ? '{{location}}' : '{{location}}/status', contentOf('rest-json', random)),
    ...one('GET', '{{location}}/status'),
    ...one('DELETE'),
    ...(random.oneIn(2) ? one('DELETE') : []),
  ];
}

const callbackReference = { notifyURL: 'http://127.0.0.1:{{sink}}/' };
const makings: readonly (readonly [path: string, body: unknown])[] = [
  [`${chat}/oneToOne/tel%3A%2B15550100003/adhoc/messages`, { chatMessage: { text: 'hi', expiry: 1 } }],
  [
    `${chat}/oneToOne/tel%3A%2B15550100004`,
    { chatSessionInformation: { subject: 's', tParticipantAddress: 'tel:+15550100004' } },
  ],
  [`${chat}/subscriptions`, { chatNotificationSubscription: { callbackReference, duration: 1 } }],
  ['/spamreport/v1/{bot}/subscriptions', { spamReportNotificationSubscription: { callbackReference, duration: 1 } }],
  ['/capabilitydiscovery/v1/{bot}/capabilitySources', { capabilitySource: { clientCorrelator: '{{nonce}}' } }],
  ['/capabilitydiscovery/v1/{bot}/contactCapabilities', { adhocContactList: { contactId: ['tel:+15550100005'] } }],
];

/** A notification channel, by long polling or WebSocket, with frames that are none. */
function channel(face: Face, random: Random): readonly Step[] {
  const channelType = random.pick(['LongPolling', 'WebSockets', 'WebSockets']);
  const body = JSON.stringify({
    notificationChannel: { channelType, channelLifetime: 1, clientCorrelator: '{{nonce}}' },
  });
  const channels = `/notificationchannel/v1/${encodeURIComponent(bots.session)}/channels`;
  const upgrade = [
    'Connection: Upgrade',
    'Upgrade: websocket',
    `Sec-WebSocket-Version: ${random.oneIn(6) ? random.below(20) : 13}`,
    `Sec-WebSocket-Key: ${random.oneIn(6) ? 'x' : 'dGhlIHNhbXBsZSBub25jZQ=='}`,
  ];
  return [
    ...request(face, { method: 'POST', path: channels, type: 'application/json', body }, random),
    ...request(
      face,
      {
        method: 'GET',
        path: random.pick(['{{location}}/notifications', '{{location}}/notifications', '{{location}}']),
        lines: upgrade,
      },
      random,
    ),
    ...Array.from({ length: random.below(6) }, () => send(face, webSocketFrame(random))),
    ...(random.oneIn(2)
      ? request(
          face,
          { method: 'POST', path: '{{location}}', type: 'application/json', body: contentOf('rest-json', random) },
          random,
        )
      : []),
    ...request(face, { method: 'DELETE', path: '{{location}}' }, random),
  ];
}

/** RFC 6455 §5.2: masked with zeroes where it is masked at all; of any opcode, and of a length that may be a lie. */
function webSocketFrame(random: Random): string {
  const payload = random.oneIn(3) ? contentOf('rest-json', random).slice(0, 125) : 'x'.repeat(random.below(125));
  const first = random.oneIn(4) ? random.below(256) : random.pick([0x81, 0x82, 0x88, 0x89, 0x8a, 0x01, 0x80]);
  const length = random.oneIn(6) ? random.pick([0, 126, 127]) : payload.length;
  const mask = random.oneIn(6) ? '' : '\0\0\0\0';
  return String.fromCharCode(first, (mask === '' ? 0 : 0x80) | length) + mask + payload;
}

const operatorPaths = [
  ...[
    '/livez',
    '/readyz',
    '/metrics',
    '/trace',
    '/trace/{{nonce}}',
    '/trace/none?format=ladder',
    '/trace/%zz?format=pcap',
    '/trace/a?format=',
  ],
  ...[
    '/dead-letters',
    '/dead-letters?limit=-1&after=%00',
    '/dead-letters/none/replay',
    '/dead-letters/replay?platform=fuzz&limit=1e9',
  ],
  ...['/dead-letters/%2e%2e', '/dead-letters/none', '/', '/__proto__', `/trace/${'x'.repeat(7000)}`],
];

function operator(face: Face, random: Random): readonly Step[] {
  return Array.from({ length: 1 + random.below(5) }, () =>
    request(
      face,
      { method: random.pick(methods), path: random.pick(operatorPaths), ...(random.oneIn(4) ? content(random) : {}) },
      random,
    ),
  ).flat();
}

/** No HTTP, or hardly. */
function raw(face: Face, random: Random): readonly Step[] {
  const text = random.pick([
    () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    () => '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    () => contentOf('sip-stream', random),
    () => contentOf('msrp-frames', random),
    () => `GET / HTTP/1.1\r\n${'X: y\r\n'.repeat(random.below(3000))}`,
    () => `GET ${'/'.repeat(random.below(20_000))} HTTP/1.1\r\nHost: x\r\n\r\n`,
    () => 'GET / HTTP/1.1\r\n Host: x\r\nContent-Length: 1, 2\r\n\r\n',
  ])();
  return [send(face, text), answerTo(face)];
}
