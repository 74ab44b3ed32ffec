/** IP packets made up around a traced message: IPv4 (RFC 791) or IPv6 (RFC 8200), with UDP (RFC 768) or TCP (RFC 9293). */

export interface Endpoint {
  /** 4 or 16 octets; both ends of a packet have the same. */
  readonly address: Buffer;
  readonly port: number;
}

export interface Ends {
  readonly from: Endpoint;
  readonly to: Endpoint;
}

const udp = 17;
const tcp = 6;

export function udpPacket(ends: Ends, payload: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16BE(ends.from.port, 0);
  header.writeUInt16BE(ends.to.port, 2);
  header.writeUInt16BE(8 + payload.length, 4);
  header.writeUInt16BE(sumOf([pseudoHeader(ends, udp, 8 + payload.length), header, payload]) || 0xffff, 6);
  return Buffer.concat([ipHeader(ends, udp, 8 + payload.length), header, payload]);
}

/** Where a segment stands in its connection. */
export interface Place {
  readonly seq: number;
  readonly ack: number;
  /** Octets after the payload, of which the packet speaks and which it does not have: its checksum does not hold. */
  readonly missing: number;
}

/** A segment of an established connection (PSH, ACK). */
export function tcpPacket(ends: Ends, payload: Buffer, place: Place): Buffer {
  return segment(ends, { flags: 0x18, payload }, place);
}

/** The connection ends (RST, ACK), and the payload is the cause (RFC 9293 §3.5.3). */
export function resetPacket(ends: Ends, cause: Buffer, place: Place): Buffer {
  return segment(ends, { flags: 0x14, payload: cause }, place);
}

function segment(ends: Ends, { flags, payload }: { flags: number; payload: Buffer }, place: Place): Buffer {
  const { seq, ack, missing } = place;
  const length = 20 + payload.length + missing;
  const header = Buffer.alloc(20);
  header.writeUInt16BE(ends.from.port, 0);
  header.writeUInt16BE(ends.to.port, 2);
  header.writeUInt32BE(seq >>> 0, 4);
  header.writeUInt32BE(ack >>> 0, 8);
  header.writeUInt16BE(0x5000 | flags, 12);
  header.writeUInt16BE(0xffff, 14);
  header.writeUInt16BE(sumOf([pseudoHeader(ends, tcp, length), header, payload]), 16);
  return Buffer.concat([ipHeader(ends, tcp, length), header, payload]);
}

function ipHeader({ from, to }: Ends, protocol: number, length: number): Buffer {
  if (from.address.length === 16) {
    const fixed = Buffer.from([0x60, 0, 0, 0, 0, 0, protocol, 64]);
    fixed.writeUInt16BE(length, 4);
    return Buffer.concat([fixed, from.address, to.address]);
  }
  const header = Buffer.concat([
    Buffer.from([0x45, 0, 0, 0, 0, 0, 0, 0, 64, protocol, 0, 0]),
    from.address,
    to.address,
  ]);
  header.writeUInt16BE(20 + length, 2);
  header.writeUInt16BE(sumOf([header]), 10);
  return header;
}

/** What the checksum covers besides (RFC 9293 §3.1, RFC 8200 §8.1); the order of its fields does not matter to the sum. */
function pseudoHeader({ from, to }: Ends, protocol: number, length: number): Buffer {
  const tail = Buffer.alloc(4);
  tail.writeUInt16BE(length, 0);
  tail.writeUInt16BE(protocol, 2);
  return Buffer.concat([from.address, to.address, tail]);
}

/** The Internet checksum (RFC 1071); only the last part may have an odd length. */
function sumOf(parts: readonly Buffer[]): number {
  let sum = 0;
  for (const part of parts) {
    for (let at = 0; at + 1 < part.length; at += 2) sum += part.readUInt16BE(at);
    if (part.length % 2 === 1) sum += part.readUInt8(part.length - 1) << 8;
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}
