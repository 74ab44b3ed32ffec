/** What comes to ports of TLS: handshakes that are none, cut, or never finished; plain text; and what comes without TLS, under it. */
import { Buffer } from 'node:buffer';
import type { Random } from '../random.js';
import { contentOf } from './contents.js';
import { httpScript } from './http-scripts.js';
import { msrpScript } from './msrp-scripts.js';
import { answerTo, leave, type Script, send, underTls } from './script.js';
import { sipScript } from './sip-scripts.js';

/** Without TLS on our side, to ports where the gateway speaks it. */
const rawLines = ['raw-sip', 'raw-msrp', 'raw-rest'] as const;

/** Several to each port, one after the other or side by side. */
export function handshakeScript(random: Random): Script {
  const steps = Array.from({ length: 1 + random.below(4) }, () => {
    const line = random.pick(rawLines);
    const pieces = random.pick(openings)(random);
    const gone = random.oneIn(2) ? [leave(line, random.pick(['end', 'reset', 'close', 'forget'] as const))] : [];
    return [send(line, ...pieces), answerTo(line, random.pick([5, 50])), ...gone];
  });
  return { manners: 'silent', steps: steps.flat() };
}

/** The scripts of the plain ports, with all that they say under TLS. */
export function payloadScript(random: Random): Script {
  const scripts = [
    (): Script => sipScript('sip-tcp', random),
    (): Script => msrpScript(random),
    (): Script => httpScript('rest', random),
  ];
  return underTls(random.pick(scripts)());
}

type Opening = (random: Random) => readonly string[];

const openings: readonly Opening[] = [hello, truncated, crumbled, spoilt, spoilt, records, plain, noise];

/** ClientHello of TLS 1.2 and 1.3 (RFC 8446 §4.1.2), for x25519 and AES-128-GCM. */
export const clientHello = Buffer.from(
  'FgMBAO4BAADqAwNNMNswn5r7/hPC6L+Lzip28GcwydwK++Q/Fo7kR2kyICBmI26WYkRQI9t1zxGB7qSlf/WS5kcH+FZ6SYDprNxHrwAMEwITAxMBwC/A' +
    'KwD/AQAAlQAAAA4ADAAACWxvY2FsaG9zdAALAAQDAAECAAoABAACAB0AIwAAABYAAAAXAAAADQAqACgEAwUDBgMIBwgICAkICggLCAQIBQgGBAEFAQYB' +
    'AwMDAQMCBAIFAgYCACsABQQDBAMDAC0AAgEBADMAJgAkAB0AIJ/b4o1QZosW92uFlPx2tOHeXjD9yCPKcif8CXYUxgVT',
  'base64',
).toString('latin1');

/** And never a word more, or one that does not belong there. */
function hello(random: Random): readonly string[] {
  return random.oneIn(2)
    ? [clientHello]
    : [clientHello, random.pick([clientHello, record(random), contentOf('body', random)])];
}

function truncated(random: Random): readonly string[] {
  return [clientHello.slice(0, random.below(clientHello.length))];
}

function crumbled(random: Random): readonly string[] {
  const size = 1 + random.below(60);
  return Array.from({ length: Math.ceil(clientHello.length / size) }, (_, at) =>
    clientHello.slice(at * size, (at + 1) * size),
  );
}

/** Some octets are others: lengths, versions, extensions. */
function spoilt(random: Random): readonly string[] {
  const octets = Buffer.from(clientHello, 'latin1');
  for (let changes = 1 + random.below(6); changes > 0; changes--) {
    octets[random.below(octets.length)] = random.pick([0, 1, 0x7f, 0x80, 0xff, random.below(256)]);
  }
  return [octets.toString('latin1')];
}

function records(random: Random): readonly string[] {
  return Array.from({ length: 1 + random.below(random.oneIn(6) ? 200 : 4) }, () => record(random));
}

/** RFC 8446 §5.1: of any type and version, of a length that may be a lie. */
function record(random: Random): string {
  const content = 'x'.repeat(random.pick([0, 1, 2, 40, 16_384, 16_641]));
  const length = random.oneIn(2) ? content.length : random.pick([0, 1, 16_384, 16_640, 16_641, 65_535]);
  const type = random.pick([20, 21, 22, 22, 23, 24, 25, 0, 255]);
  const version = random.pick([0x0300, 0x0301, 0x0303, 0x0304, 0x0002, 0xffff]);
  return String.fromCharCode(type, version >> 8, version & 255, length >> 8, length & 255) + content;
}

function plain(random: Random): readonly string[] {
  const texts = [
    'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
    'OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/TLS x\r\n\r\n',
    '\r\n\r\n',
    'MSRP a SEND\r\n',
  ];
  return random.oneIn(2) ? [random.pick(texts)] : [contentOf(random.pick(['sip-stream', 'msrp-frames']), random)];
}

function noise(random: Random): readonly string[] {
  return [String.fromCharCode(...Array.from({ length: 1 + random.below(300) }, () => random.below(256)))];
}
