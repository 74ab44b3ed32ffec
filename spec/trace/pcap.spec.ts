/** The capture file, read back field by field: libpcap's format, and packets whose checksums hold. */
import { expect } from 'chai';
import { printPcap } from '../../lib/trace/pcap.js';
import type { ShownEvent } from '../../lib/trace/ring.js';

interface Packet {
  readonly seconds: number;
  readonly microseconds: number;
  readonly version: number;
  readonly protocol: number;
  readonly from: string;
  readonly to: string;
  readonly seq: number;
  /** Of TCP. */
  readonly flags: number;
  readonly payload: string;
  /** Octets of which the packet speaks, and which were not captured. */
  readonly missing: number;
}

/** RFC 1071: with the checksum in, the sum is all ones. */
function adds(bytes: Buffer): boolean {
  let sum = 0;
  const even = bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(1)]);
  for (let at = 0; at < even.length; at += 2) sum += even.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum === 0xffff;
}

function readPacket(record: Buffer, ip: Buffer): Packet {
  const version = ip.readUInt8(0) >> 4;
  const [head, width, protocolAt, addressAt] = version === 4 ? [20, 4, 9, 12] : [40, 16, 6, 8];
  const protocol = ip.readUInt8(protocolAt);
  const rest = ip.subarray(head);
  const missing = record.readUInt32BE(12) - record.readUInt32BE(8);
  if (version === 4) expect(adds(ip.subarray(0, 20)), 'IP checksum').to.equal(true);
  expect(ip.readUInt16BE(version === 4 ? 2 : 4)).to.equal((version === 4 ? ip.length : rest.length) + missing);
  const pseudo = Buffer.alloc(4);
  pseudo.writeUInt16BE(rest.length, 0);
  pseudo.writeUInt16BE(protocol, 2);
  const isWhole = missing === 0;
  const sums = adds(Buffer.concat([ip.subarray(addressAt, addressAt + 2 * width), pseudo, rest]));
  if (isWhole) expect(sums, 'checksum').to.equal(true);
  const address = (at: number) => ip.subarray(at, at + width).toString('hex');
  return {
    seconds: record.readUInt32BE(0),
    microseconds: record.readUInt32BE(4),
    version,
    protocol,
    from: `${address(addressAt)}:${rest.readUInt16BE(0)}`,
    to: `${address(addressAt + width)}:${rest.readUInt16BE(2)}`,
    seq: protocol === 6 ? rest.readUInt32BE(4) : 0,
    flags: protocol === 6 ? rest.readUInt8(13) : 0,
    payload: rest.subarray(protocol === 6 ? 20 : 8).toString(),
    missing,
  };
}

function readPcap(file: Buffer): readonly Packet[] {
  expect(file.subarray(0, 8).toString('hex')).to.equal('a1b2c3d400020004');
  expect(file.readUInt32BE(20)).to.equal(101);
  const packets: Packet[] = [];
  for (let at = 24; at < file.length;) {
    const length = file.readUInt32BE(at + 8);
    packets.push(readPacket(file.subarray(at, at + 16), file.subarray(at + 16, at + 16 + length)));
    at += 16 + length;
  }
  return packets;
}

function event(fields: Partial<ShownEvent>): ShownEvent {
  return {
    atMs: 1_700_000_000_123,
    border: 'sip',
    direction: 'in',
    peer: '127.0.0.1:5070',
    key: 'k',
    text: 'x',
    ...fields,
  };
}

const packetsOf = (...events: ShownEvent[]) => readPcap(printPcap({ conversation: 'c', keys: [], events }));

describe('capture file', () => {
  it('is empty but for its header where nothing was traced', () => expect(packetsOf()).to.deep.equal([]));

  it('puts SIP into UDP, in both directions', () => {
    const [first, second] = packetsOf(
      event({ text: 'OPTIONS sip:a SIP/2.0\r\n' }),
      event({ direction: 'out', text: 'SIP/2.0 200 OK' }),
    );
    expect(first).to.deep.equal({
      seconds: 1_700_000_000,
      microseconds: 123_000,
      version: 4,
      protocol: 17,
      from: '7f000001:5070',
      to: 'c0000201:5060',
      seq: 0,
      flags: 0,
      payload: 'OPTIONS sip:a SIP/2.0\r\n',
      missing: 0,
    });
    expect(second).to.include({ from: 'c0000201:5060', to: '7f000001:5070', payload: 'SIP/2.0 200 OK' });
  });

  it('puts MSRP and HTTP into TCP, counting the octets of each direction', () => {
    const packets = packetsOf(
      event({ border: 'msrp', text: 'abc' }),
      event({ border: 'msrp', direction: 'out', text: 'defg' }),
      event({ border: 'msrp', text: 'hi' }),
      event({ border: 'http', text: 'j', peer: '127.0.0.1:4711' }),
    );
    expect(packets.map(({ protocol, seq, payload }) => [protocol, seq, payload])).to.deep.equal([
      [6, 1, 'abc'],
      [6, 1, 'defg'],
      [6, 4, 'hi'],
      [6, 1, 'j'],
    ]);
  });

  it('takes IPv6, names and odd peers', () => {
    const from = (peer: string) => packetsOf(event({ peer }))[0]!.from;
    expect(from('[2001:db8::7:1]:5060')).to.equal('20010db8000000000000000000070001:5060');
    expect(from('[::1]:1')).to.equal(`${'0'.repeat(31)}1:1`);
    expect(from('[::ffff:10.0.0.1]:1')).to.equal('00000000000000000000ffff0a000001:1');
    expect(from('callback.example.com:443')).to.equal('c0000202:443');
    expect(from('')).to.equal('c0000202:0');
    expect(from('2001:db8::7:1'), 'a client behind a proxy, whose port is not known').to.match(
      /^20010db80{16}00070001:0$/,
    );
  });

  it('of HTTP with a body that is not shown has the head alone, and says how much is missing', () => {
    const request = 'POST /a HTTP/1.1\r\ncontent-length: 300\r\n\r\n';
    const answer = 'HTTP/1.1 201\r\nContent-Length: 70\r\n\r\n';
    const packets = packetsOf(
      event({ border: 'http', text: request }),
      event({ border: 'http', direction: 'out', text: `${answer}[70 bytes]` }),
      event({ border: 'http', text: request }),
    );
    expect(packets.map(({ seq, payload, missing }) => [seq, payload, missing])).to.deep.equal([
      [1, request, 300],
      [1, answer, 70],
      [1 + request.length + 300, request, 300],
    ]);
  });

  for (const [text, payload, missing] of [
    ['HTTP/1.1 202\r\n\r\n[0 bytes]', 'HTTP/1.1 202\r\n\r\n', 1],
    ['HTTP/1.1 200\r\n\r\n', 'HTTP/1.1 200\r\n\r\n', 1],
    ['HTTP/1.1 204\r\n\r\n[0 bytes]', 'HTTP/1.1 204\r\n\r\n', 0],
    ['GET /a HTTP/1.1\r\nhost: b\r\n\r\n', 'GET /a HTTP/1.1\r\nhost: b\r\n\r\n', 0],
    ['POST /a HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n', undefined, 1],
    ['POST /a HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}', undefined, 0],
    ['POST /a HTTP/1.1\r\ncontent-length: 9\r\n\r\n[1 bytes]', undefined, 0],
    ['POST /a HTTP/1.1\r\nx: yyy\r\n[cut]\r\n', undefined, 1],
    // What a stranger says in Content-Length he need not have sent.
    ['POST /a HTTP/1.1\r\ncontent-length: 999999999\r\n\r\n', undefined, 64_953],
  ] as const) {
    it(`has of ${JSON.stringify(text)} what crossed, and ${missing} octets missing`, () => {
      expect(packetsOf(event({ border: 'http', text }))[0]).to.include({ payload: payload ?? text, missing });
    });
  }

  it('shows a callback without answer as a reset with its cause', () => {
    const [asked, ended] = packetsOf(
      event({ border: 'http', direction: 'out', text: 'POST http://a/ HTTP/1.1\r\ncontent-length: 0\r\n\r\n' }),
      event({ border: 'http', text: 'failed: timeout' }),
    );
    expect([asked?.flags, ended?.flags, ended?.payload]).to.deep.equal([0x18, 0x14, 'failed: timeout']);
  });

  it('of SIP has no note for a body', () => {
    const head = 'MESSAGE sip:a SIP/2.0\r\nContent-Type: application/sdp\r\nl: 342\r\n\r\n';
    expect(packetsOf(event({ text: `${head}[342 bytes]` }))[0]).to.include({ payload: head, missing: 0 });
    expect(packetsOf(event({ text: 'MESSAGE sip:a SIP/2.0\r\nSubject: aaa[900 bytes]' }))[0]).to.include({
      payload: 'MESSAGE sip:a SIP/2.0\r\nSubject: aaa',
    });
  });

  it('cuts what no packet holds: a datagram ends, a stream goes on', () => {
    const text = 'x'.repeat(150_000);
    expect(packetsOf(event({ text })).map(({ payload }) => payload.length)).to.deep.equal([65_000]);
    expect(packetsOf(event({ border: 'msrp', text })).map(({ seq, payload }) => [seq, payload.length])).to.deep.equal([
      [1, 65_000],
      [65_001, 65_000],
      [130_001, 20_000],
    ]);
  });
});
