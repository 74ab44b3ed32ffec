/** What phones and strangers say in SIP: calls, pager messages, and what belongs to neither, over UDP or TCP. */
import type { Random } from '../random.js';
import { contentOf, cpimMessage, wordsOf } from './contents.js';
import { disordered, roughened, type Roughness } from './rough.js';
import { answerTo, type Script, send, type Step } from './script.js';
import { type Asking, type Call, callOf, offer, requestText, responseText, type Wire } from './sip-text.js';

const roughness: Roughness = {
  shape: 'lines',
  words: [...wordsOf('sip-datagram', 'sip-stream', 'sip-header-list'), '{{tag}}', '{{target}}', 'tag=', 'branch='],
  maxBytes: 70_000,
};
/** What one datagram over loopback carries. */
const maxDatagramBytes = 60_000;

export function sipScript(wire: Wire, random: Random): Script {
  const steps = [random.pick(plots), ...(random.oneIn(3) ? [random.pick(plots)] : [])].flatMap((plot) =>
    plot(callOf(wire, random), random),
  );
  const maxBytes = wire === 'sip-udp' ? maxDatagramBytes : roughness.maxBytes;
  return {
    manners: random.pick(['takes', 'takes', 'refuses', 'silent', 'garbage'] as const),
    steps: roughened(disordered(steps, random), { ...roughness, maxBytes }, random),
  };
}

type Plot = (call: Call, random: Random) => readonly Step[];

const plots: readonly Plot[] = [called, called, called, cancelled, pager, pager, strange, unasked, straight, mixture];

function asked(method: string, call: Call, asking: Asking = {}): readonly Step[] {
  const text = requestText(method, call, asking);
  return method === 'ACK' ? [send(call.wire, text)] : [send(call.wire, text), answerTo(call.wire)];
}

/** INVITE, ACK, some requests inside, BYE. */
function called(call: Call, random: Random): readonly Step[] {
  const inside = Array.from({ length: random.below(5) }, (_, at) => withinDialog(call, 2 + at, random));
  return [
    ...asked('INVITE', call, invitation(random)),
    ...asked('ACK', call, { inside: true }),
    ...inside.flat(),
    ...(random.oneIn(4) ? [] : asked('BYE', call, { inside: true, cseq: 9 })),
  ];
}

function withinDialog(call: Call, cseq: number, random: Random): readonly Step[] {
  const method = random.pick(['INVITE', 'UPDATE', 'OPTIONS', 'INFO', 'MESSAGE', 'NOTIFY', 'PRACK', 'REFER', 'BYE']);
  const asking: Asking = { inside: true, cseq: random.oneIn(8) ? random.pick([0, 1, 2 ** 31 - 1, 2 ** 32]) : cseq };
  if (method === 'MESSAGE') return asked(method, call, { ...asking, type: 'message/cpim', body: cpimMessage(random) });
  if (method !== 'INVITE' && method !== 'UPDATE') return asked(method, call, asking);
  const body = random.oneIn(4)
    ? {}
    : { type: 'application/sdp', body: offer(random.pick(['active', 'passive', 'actpass'])) };
  const timer = random.oneIn(3) ? { lines: [`Session-Expires: ${random.below(4000)};refresher=uac`] } : {};
  const steps = asked(method, call, { ...asking, ...body, ...timer });
  return method === 'INVITE' ? [...steps, ...asked('ACK', call, asking)] : steps;
}

const icsi = '+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm';

function invitation(random: Random): Asking {
  const kind = random.pick(['session', 'session', 'session', 'largemsg', 'filetransfer']);
  const lines = [
    `Accept-Contact: *;${icsi}.${kind}"`,
    ...(random.oneIn(2) ? ['Conversation-ID: {{nonce}}', 'Contribution-ID: {{nonce}}'] : []),
    ...(random.oneIn(4) ? ['Supported: timer,100rel', `Session-Expires: ${90 + random.below(2000)}`] : []),
    ...(random.oneIn(8) ? [`Privacy: ${random.pick(['id', 'none', 'user;header'])}`] : []),
  ];
  switch (random.below(8)) {
    case 0:
      return { lines };
    case 1:
      return { lines, type: 'application/sdp', body: contentOf('sdp', random) };
    case 2:
      return {
        lines,
        ...multipart([
          ['application/sdp', offer()],
          ['message/cpim', cpimMessage(random)],
        ]),
      };
    case 3:
      return { lines, type: 'multipart/mixed;boundary=next', body: contentOf('multipart', random) };
    default:
      return { lines, type: 'application/sdp', body: offer(random.pick(['active', 'active', 'actpass', 'passive'])) };
  }
}

function multipart(parts: readonly (readonly [type: string, body: string])[]): Asking {
  const printed = parts.map(([type, body]) => `--next\r\nContent-Type: ${type}\r\n\r\n${body}\r\n`);
  return { type: 'multipart/mixed;boundary=next', body: `${printed.join('')}--next--\r\n` };
}

function cancelled(call: Call, random: Random): readonly Step[] {
  const branch = `z9hG4bK{{nonce}}${call.at}cancelled`;
  const invite = requestText('INVITE', call, { ...invitation(random), branch });
  const cancel = requestText('CANCEL', call, { branch });
  return [
    send(call.wire, invite),
    ...(random.oneIn(3) ? [answerTo(call.wire)] : []),
    send(call.wire, cancel),
    answerTo(call.wire),
    send(call.wire, requestText('ACK', call, { branch, inside: true })),
  ];
}

function pager(call: Call, random: Random): readonly Step[] {
  return Array.from({ length: 1 + random.below(4) }, (_, at) => {
    const type = random.pick([
      'message/cpim',
      'message/cpim',
      'message/cpim',
      'text/plain',
      'multipart/mixed;boundary=next',
    ]);
    const body = type === 'message/cpim' ? cpimMessage(random) : contentOf('inbound-message', random);
    return asked('MESSAGE', { ...call, at: call.at + at }, { type, body, lines: [`Accept-Contact: *;${icsi}.msg"`] });
  }).flat();
}

/** Of methods that are seldom or never ours. */
function strange(call: Call, random: Random): readonly Step[] {
  return Array.from({ length: 1 + random.below(3) }, (_, at) => {
    const method = random.pick([
      'OPTIONS',
      'OPTIONS',
      'REGISTER',
      'SUBSCRIBE',
      'NOTIFY',
      'PUBLISH',
      'REFER',
      'UPDATE',
      'ÄH',
      'x',
    ]);
    const lines = random.oneIn(2)
      ? ['Accept: application/sdp']
      : ['Require: 100rel, x', 'Event: presence', 'Expires: 0'];
    return asked(method, { ...call, at: call.at + at }, { lines });
  }).flat();
}

/** Responses, ACK, CANCEL and BYE of nothing. */
function unasked(call: Call, random: Random): readonly Step[] {
  const { wire } = call;
  return Array.from({ length: 1 + random.below(5) }, (): Step => {
    const status = random.pick([100, 180, 183, 200, 202, 299, 302, 401, 481, 486, 500, 503, 699, 0, 999]);
    return random.oneIn(3)
      ? send(wire, requestText(random.pick(['ACK', 'CANCEL', 'BYE', 'PRACK']), call, { inside: random.oneIn(2) }))
      : send(wire, responseText(status, random.pick(['INVITE', 'MESSAGE', 'OPTIONS', 'BYE']), call));
  });
}

/** What the targets of the parsers know, as it stands. */
function straight({ wire }: Call, random: Random): readonly Step[] {
  return Array.from({ length: 1 + random.below(3) }, () => [
    send(wire, contentOf(random.oneIn(2) ? 'sip-datagram' : 'sip-stream', random)),
    answerTo(wire, 20),
  ]).flat();
}

/** One Call-ID, any method, any number, now the same branch, now another. */
function mixture(call: Call, random: Random): readonly Step[] {
  return Array.from({ length: 2 + random.below(6) }, () => {
    const method = random.pick(['INVITE', 'INVITE', 'ACK', 'BYE', 'CANCEL', 'UPDATE', 'MESSAGE', 'OPTIONS']);
    const branch = random.oneIn(2) ? { branch: `z9hG4bK{{nonce}}${random.below(3)}` } : {};
    const body = method === 'INVITE' ? invitation(random) : {};
    const text = requestText(method, call, { ...body, ...branch, cseq: random.below(4), inside: random.oneIn(2) });
    return random.oneIn(3) ? [send(call.wire, text), answerTo(call.wire, 20)] : [send(call.wire, text)];
  }).flat();
}
