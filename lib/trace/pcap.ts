/**
 * One conversation as a capture file (libpcap format 2.4) for tools such as Wireshark. The packets are made up: what was
 * traced are messages, not datagrams; SIP is put into UDP, MSRP and HTTP into TCP, from and to the gateway's usual ports.
 * A body of HTTP that the trace leaves out was not captured: its packet is longer than its record, so that tools take
 * neither a note for the body nor what follows for its rest.
 */
import { isIPv4, isIPv6 } from 'node:net';
import { captured, type Captured } from './captured.js';
import { type Endpoint, type Ends, resetPacket, tcpPacket, udpPacket } from './packet.js';
import type { ConversationTrace, ShownEvent } from './ring.js';

/** LINKTYPE_RAW: packets begin with their IP header, of either version. */
const rawIp = 101;
/** With its headers below the 65,535 octets of an IP packet. */
const maxPayloadBytes = 65_000;
/** The gateway's own ports are not traced; those by which tools know the protocols stand for them. */
const gatewayPorts: Readonly<Record<ShownEvent['border'], number>> = { sip: 5060, msrp: 2855, http: 8080 };

/** Octets sent so far on a made-up connection, by direction. */
interface Stream {
  in: number;
  out: number;
}

export function printPcap({ events }: ConversationTrace): Buffer {
  const streams = new Map<string, Stream>();
  return Buffer.concat([fileHeader(), ...events.flatMap((event) => records(event, streams))]);
}

function fileHeader(): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32BE(0xa1b2c3d4, 0);
  header.writeUInt16BE(2, 4);
  header.writeUInt16BE(4, 6);
  header.writeUInt32BE(0xffff, 16);
  header.writeUInt32BE(rawIp, 20);
  return header;
}

function records(event: ShownEvent, streams: Map<string, Stream>): readonly Buffer[] {
  const ends = endsOf(event);
  const shown = captured(event);
  if (event.border === 'sip') return record(event.atMs, udpPacket(ends, fitting(shown).octets));
  const name = `${event.border} ${event.peer}`;
  const stream = streams.get(name) ?? { in: 1, out: 1 };
  streams.set(name, stream);
  return segments(shown, event, { ends, stream });
}

interface Connection {
  readonly ends: Ends;
  readonly stream: Stream;
}

function segments({ octets, missing }: Captured, event: ShownEvent, { ends, stream }: Connection): readonly Buffer[] {
  const [own, other] = event.direction === 'in' ? (['in', 'out'] as const) : (['out', 'in'] as const);
  const print = isNote(event) ? resetPacket : tcpPacket;
  const found: Buffer[] = [];
  for (let at = 0; at < octets.length; at += maxPayloadBytes) {
    const isLast = at + maxPayloadBytes >= octets.length;
    const part = fitting({ octets: octets.subarray(at), missing: isLast ? missing : 0 });
    const place = { seq: stream[own], ack: stream[other], missing: part.missing };
    found.push(...record(event.atMs, print(ends, part.octets, place), part.missing));
    stream[own] += part.octets.length + part.missing;
  }
  return found;
}

/** Why there was no answer: no message of the protocol. */
function isNote({ border, text }: ShownEvent): boolean {
  return border === 'http' && !/^(?:HTTP\/|[A-Z-]+ )/.test(text);
}

function fitting({ octets, missing }: Captured): Captured {
  const part = octets.subarray(0, maxPayloadBytes);
  return { octets: part, missing: Math.min(missing, maxPayloadBytes - part.length) };
}

function record(atMs: number, octets: Buffer, missing = 0): readonly Buffer[] {
  const header = Buffer.alloc(16);
  header.writeUInt32BE(Math.floor(atMs / 1000) >>> 0, 0);
  header.writeUInt32BE(Math.floor(atMs % 1000) * 1000, 4);
  header.writeUInt32BE(octets.length, 8);
  header.writeUInt32BE(octets.length + missing, 12);
  return [header, octets];
}

function endsOf({ border, direction, peer }: ShownEvent): Ends {
  const remote = endpoint(peer);
  const host = remote.address.length === 16 ? '2001:db8::1' : '192.0.2.1';
  const local = { address: octets(host), port: gatewayPorts[border] };
  return direction === 'in' ? { from: remote, to: local } : { from: local, to: remote };
}

/**
 * `127.0.0.1:5060`, `[::1]:5060`, of SIP `tcp/127.0.0.1:5060`; a name is shown as an address reserved for documentation
 * (RFC 5737), no port as 0.
 */
function endpoint(peer: string): Endpoint {
  if (isIPv6(peer)) return { address: octets(peer), port: 0 };
  const [, host = '', digits = ''] = /^(?:[a-z]+\/)?\[?(.*?)\]?(?::([0-9]{1,5}))?$/.exec(peer) ?? [];
  const port = Math.min(Number(digits), 0xffff);
  return { address: octets(isIPv4(host) || isIPv6(host) ? host : '192.0.2.2'), port };
}

function octets(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  return Buffer.from(groups(address).flatMap((group) => [group >> 8, group & 0xff]));
}

/** The eight groups of an IPv6 address, its `::` filled in (RFC 4291 §2.2). */
function groups(address: string): readonly number[] {
  const plain = address
    .replace(/%.*$/, '')
    .replace(/([0-9]+)\.([0-9]+)\.([0-9]+)\.([0-9]+)$/, (_, ...found: string[]) => {
      const [a = 0, b = 0, c = 0, d = 0] = found.slice(0, 4).map(Number);
      return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
    });
  const [head = '', tail] = plain.split('::');
  const parse = (text: string): number[] => (text === '' ? [] : text.split(':').map((group) => parseInt(group, 16)));
  const left = parse(head);
  const right = parse(tail ?? '');
  return [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right];
}
