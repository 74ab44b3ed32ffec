/** The trace as it is shown on a terminal, and as a capture file of what the gateway itself has traced. */
import { expect } from 'chai';
import { sipEvent } from '../../lib/gateway/operators/sip-trace.js';
import type { Address } from '../../lib/sip-engine/api.js';
import { hostport } from '../../lib/sip-engine/drachtio/leader.js';
import { createTraceRing } from '../../lib/trace/ring.js';
import { traceView, type TraceView } from '../../lib/trace/view.js';

function traced(remote: Address): TraceView {
  const ring = createTraceRing({ conversations: 10, eventsPerConversation: 10 });
  const text = 'MESSAGE sip:a SIP/2.0\r\nCall-ID: c\r\nSubject:\ta\u001b[2Jb\u009b31m grüße\rover\u007f\r\n\r\n';
  ring.event(
    sipEvent({ direction: 'in', peer: hostport(remote), bytes: Buffer.from(text) }, { atMs: 0, bodies: false }),
  );
  return traceView(ring);
}

describe('a trace that is shown', () => {
  it('as text keeps lines, tabs and letters, and shows all else that a terminal obeys as question marks', () => {
    const text = traced({ protocol: 'udp', host: '192.0.2.7', port: 5070 }).text('c');
    expect(text).to.equal(
      '--- 1970-01-01T00:00:00.000Z sip in udp/192.0.2.7:5070\n' +
        'MESSAGE sip:a SIP/2.0\r\nCall-ID: c\r\nSubject:\ta?[2Jb?31m grüße?over?\r\n\r\n\n',
    );
  });

  it('keeps 4 kB of a message, however long its head is', () => {
    const bytes = Buffer.from(`MESSAGE sip:a SIP/2.0\r\nCall-ID: c\r\nSubject: ${'a'.repeat(60_000)}\r\n\r\nbody`);
    const event = sipEvent({ direction: 'in', peer: 'udp/192.0.2.7:5060', bytes }, { atMs: 0, bodies: false });
    expect(event.text()).to.match(/^MESSAGE [^]{4087}a\[\d+ bytes\]$/);
  });

  for (const [written, name] of [
    ['CALL-ID: c', 'c'],
    ['Call-Id \t: c', 'c'],
    ['Call-ID:', 'udp/192.0.2.7:5060'],
    ['Subject: of no call', 'udp/192.0.2.7:5060'],
  ] as const) {
    it(`is found by what it is listed as: ${JSON.stringify(written)} as ${name}`, () => {
      const ring = createTraceRing({ conversations: 10, eventsPerConversation: 10 });
      const bytes = Buffer.from(`MESSAGE sip:a SIP/2.0\r\n${written}\r\n\r\n`);
      ring.event(sipEvent({ direction: 'in', peer: 'udp/192.0.2.7:5060', bytes }, { atMs: 0, bodies: false }));
      expect(ring.recent(10).map(({ conversation }) => conversation)).to.deep.equal([name]);
      expect(traceView(ring).text(name)).to.include(written);
    });
  }

  for (const [protocol, host, octets] of [
    ['udp', '192.0.2.7', 'c0000207'],
    ['tls', '198.51.100.4', 'c6336404'],
    ['tcp', '2001:db8::5', '20010db8000000000000000000000005'],
  ] as const) {
    it(`as a capture file has the address of its peer: ${protocol}/${host}`, () => {
      const file = traced({ protocol, host, port: 5070 }).pcap('c');
      // Behind the headers of the file and of the record; an IPv6 header has its source at 8, an IPv4 one at 12.
      const at = 40 + (octets.length === 32 ? 8 : 12);
      expect(file?.subarray(at, at + octets.length / 2).toString('hex')).to.equal(octets);
      expect(file?.readUInt16BE(40 + (octets.length === 32 ? 40 : 20))).to.equal(5070);
    });
  }
});
