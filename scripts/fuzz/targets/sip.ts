/** SIP: messages as datagrams and on streams, the engine's values and the application's, and the drachtio protocol between. */
import { parseHeaderList } from '../../../lib/sip/header-list.js';
import { parseCommand } from '../../../lib/sip-engine/drachtio/command.js';
import { FrameError, FrameReader, type Frame } from '../../../lib/sip-engine/drachtio/frame.js';
import { elements } from '../../../lib/sip-engine/message/grammar.js';
import { MalformedMessage } from '../../../lib/sip-engine/message/malformed.js';
import { tagOf, uriOf, withTag } from '../../../lib/sip-engine/message/name-addr.js';
import { parseMessage } from '../../../lib/sip-engine/message/parse.js';
import { FramingError, TcpFramer, type Framed } from '../../../lib/sip-engine/transport/tcp-framing.js';
import { parseHostPort, parseSipUri as parseEngineUri } from '../../../lib/sip-engine/message/uri.js';
import { parseVia, responseAddress, stampVia } from '../../../lib/sip-engine/message/via.js';
import { cut, must, same, type Target } from '../target.js';

const limits = { maxMessageBytes: 50_000, maxHeadBytes: 20_000, maxHeaderBytes: 8192, maxHeaders: 256 };
const malformed = (error: unknown): boolean => error instanceof MalformedMessage;
const source = { protocol: 'udp', host: '192.0.2.9', port: 5060 } as const;

const words = [
  ...[
    'INVITE sip:a@b SIP/2.0\r\n',
    'SIP/2.0 200 OK\r\n',
    'Via: SIP/2.0/UDP a;branch=z9hG4bK1;rport',
    'v: SIP / 2.0 / TCP b',
  ],
  ...[
    'Content-Length: 0',
    'l: 5',
    'CSeq: 1 INVITE',
    'From: <sip:a@b>;tag=1',
    't: "x" <tel:+1>',
    'Call-ID: a',
    'Contact: *',
  ],
  ...[
    'MESSAGE',
    'ACK',
    'SIP/2.0',
    'sips:',
    'tel:',
    '<',
    '>;tag=',
    ';lr',
    ';maddr=',
    '[::1]',
    ' \r\n ',
    '\r\n\r\n',
    '%00',
  ],
];

const datagram: Target = {
  name: 'sip-datagram',
  shape: 'lines',
  words,
  seeds: [],
  fixtures: ['sip', 'torture'],
  run(input) {
    const { message, routing } = parseMessage(input, limits, true);
    must(message.body.length <= input.length, 'the body is of the datagram');
    must(routing.cseq >= 0 && Number.isInteger(routing.cseq), 'CSeq is a number');
    for (const [name, value] of message.headerLines()) {
      must(!/[\r\n]/.test(name) && !/\r\n/.test(value), 'no header runs into the next line');
      message.headers(name);
    }
    stampVia(routing.via, source);
    responseAddress(routing.via, source);
    uriOf(routing.from);
    withTag(routing.to, 'x');
  },
  mayThrow: malformed,
};

interface Reading {
  readonly framed: readonly Framed[];
  readonly failed: boolean;
}

function readStream(pieces: readonly Buffer[]): Reading {
  const framer = new TcpFramer(limits);
  const framed: Framed[] = [];
  try {
    for (const piece of pieces) framed.push(...framer.push(piece));
  } catch (error) {
    if (!(error instanceof FramingError)) throw error;
    return { framed: [...framed, ...error.before], failed: true };
  }
  return { framed, failed: false };
}

const stream: Target = {
  name: 'sip-stream',
  shape: 'lines',
  words,
  seeds: ['\r\n\r\n', 'OPTIONS sip:a@b SIP/2.0\r\nl: 0\r\n\r\nOPTIONS sip:a@b SIP/2.0\r\nContent-Length: 3\r\n\r\nabc'],
  fixtures: ['sip', 'torture'],
  run(input, random) {
    const whole = readStream([input]);
    const inPieces = readStream(cut(input, random));
    must(whole.failed === inPieces.failed, 'a stream breaks or not, however it is cut');
    must(same(whole.framed, inPieces.framed), 'the same messages however the stream is cut');
    for (const one of inPieces.framed) {
      if (one.kind !== 'message') continue;
      try {
        parseMessage(one.bytes, limits, false);
      } catch (error) {
        if (!malformed(error)) throw error;
      }
    }
  },
  mayThrow: () => false,
};

const values: Target = {
  name: 'sip-values',
  shape: 'tokens',
  words,
  seeds: [
    'SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport;received=192.0.2.2',
    'SIP / 2.0 / TCP [2001:db8::1]:5060 ; branch="a"',
    '"A \\"B\\"" <sip:a;b=c@d:5060;lr?e=f>;tag=1',
    'sip:a@b;transport=tcp;maddr=c',
    '<sip:a@b>, "c, d" <sip:e@f>;g',
    '[2001:db8::1]:5060',
  ],
  fixtures: [],
  maxBytes: 16_384,
  run(input) {
    const text = input.toString('latin1');
    const via = parseVia(text);
    if (via) {
      // What a peer's malformed parameters leave behind goes back to that peer alone.
      must(stampVia(via, source).length <= text.length + 40, 'a stamp is short');
    }
    parseEngineUri(text);
    parseHostPort(text);
    const list = elements(text);
    must(list.join('').length <= text.length, 'the elements are of the text');
    for (const one of list.slice(0, 20)) uriOf(one);
    tagOf(text);
    withTag(text, 'x');
  },
  mayThrow: () => false,
};

const headerList: Target = {
  name: 'sip-header-list',
  shape: 'lines',
  words,
  seeds: ['From: a\r\nm: <sip:a@b>\r\n folded\r\nContact: c'],
  fixtures: ['sip', 'torture'],
  run(input) {
    const list = parseHeaderList(input.toString('utf8'));
    for (const [name] of list.lines) must(list.get(name) !== undefined, 'what is listed is found');
  },
  mayThrow: () => false,
};

const drachtio: Target = {
  name: 'drachtio-frames',
  shape: 'lines',
  words: [
    ...words,
    '12#',
    '0#',
    '99999999999#',
    '|',
    'sip|',
    'a|sip|b|c|d\r\n',
    'authenticate|',
    'route|INVITE',
    'ping',
  ],
  seeds: [
    '24#a|authenticate|cymru|4.0.0',
    '14#b|route|INVITE6#c|ping',
    '73#d|sip|e|||\r\nOPTIONS sip:a@b SIP/2.0\r\nFrom: <sip:a@b>\r\nTo: x\r\nl: 0\r\n\r\n',
  ],
  fixtures: ['sip/valid'],
  run(input, random) {
    const whole = readFrames([input]);
    const inPieces = readFrames(cut(input, random));
    must(whole.failed === inPieces.failed, 'a stream breaks or not, however it is cut');
    must(whole.failed || same(whole.frames, inPieces.frames), 'the same frames however the stream is cut');
    for (const frame of inPieces.frames) if (frame.kind === 'frame') parseCommand(frame.payload);
    parseCommand(input);
  },
  mayThrow: () => false,
};

function readFrames(pieces: readonly Buffer[]): { frames: readonly Frame[]; failed: boolean } {
  const reader = new FrameReader(4000);
  const frames: Frame[] = [];
  try {
    for (const piece of pieces) frames.push(...reader.push(piece));
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
    return { frames, failed: true };
  }
  return { frames, failed: false };
}

export const sip: readonly Target[] = [datagram, stream, values, headerList, drachtio];
