/** What the messages of RFC 5118 say, once they are taken: which address, which port, which stream. */
import { expect } from 'chai';
import { DEFAULT_LIMITS } from '../../../lib/sip-engine/options.js';
import { parseMessage } from '../../../lib/sip-engine/message/parse.js';
import { uriOf } from '../../../lib/sip-engine/message/name-addr.js';
import { parseSipUri } from '../../../lib/sip-engine/message/uri.js';
import { stampVia } from '../../../lib/sip-engine/message/via.js';
import { parseDescription, valueOf } from '../../../lib/wire/sdp/description.js';
import { tortureFile, tortureMessage } from './torture-files.js';

const SOURCE = { protocol: 'udp', host: '2001:db8::9:255', port: 40_000 } as const;

function parsed(name: string): ReturnType<typeof parseMessage> {
  return parseMessage(tortureMessage(`5118-${name}`), DEFAULT_LIMITS, true);
}

/** Host and port of the Request-URI. */
function target(name: string): readonly [host: string | undefined, port: number | undefined] {
  const uri = parseSipUri(parsed(name).message.uri ?? '');
  return [uri?.host, uri?.port];
}

/** `c=` of the session, then of each stream. */
function connections(name: string): readonly (string | undefined)[] {
  const { session, media } = parseDescription(parsed(name).message.body);
  return [session, ...media.map(({ lines }) => lines)].map((lines) => valueOf(lines, 'c'));
}

describe('IPv6 in SIP (RFC 5118 §4)', () => {
  it('4.1: brackets are no part of the address', () => {
    const { message, routing } = parsed('4.01-ipv6-good');
    expect(target('4.01-ipv6-good')).to.deep.equal(['2001:db8::10', undefined]);
    expect(routing.via.host).to.equal('2001:db8::9:1');
    expect(parseSipUri(uriOf(message.header('Contact') ?? '') ?? '')?.host).to.equal('2001:db8::1');
  });

  it('4.2: without brackets there is no address', () => {
    expect(target('4.02-ipv6-bad')).to.deep.equal([undefined, undefined]);
  });

  it('4.3, 4.4: a port stands outside of the brackets', () => {
    expect(target('4.03-port-ambiguous')).to.deep.equal(['2001:db8::10:5070', undefined]);
    expect(target('4.04-port-unambiguous')).to.deep.equal(['2001:db8::10', 5070]);
  });

  it('4.5: received is understood with brackets, and written without', () => {
    for (const [name, branch] of [
      ['4.05-via-received-param-with-delim', 'z9hG4bKas3-111'],
      ['4.05-via-received-param-no-delim', 'z9hG4bKas3'],
    ] as const) {
      const { via } = parsed(name).routing;
      expect(via).to.include({ host: '2001:db8::9:1', port: undefined, branch });
      expect(stampVia(via, SOURCE)).to.equal(`SIP/2.0/UDP [2001:db8::9:1];branch=${branch};received=2001:db8::9:255`);
    }
  });

  it('4.6, 4.8: a session on IPv6, and one with a stream on each', () => {
    expect(connections('4.06-ipv6-in-sdp')).to.deep.equal(['IN IP6 2001:db8::20', undefined, undefined]);
    expect(connections('4.08-mult-ip-in-sdp')).to.deep.equal([undefined, 'IN IP4 192.0.2.1', 'IN IP6 2001:db8::1']);
  });

  it('4.7: Via lines of both kinds, the topmost read, all kept', () => {
    const { message, routing } = parsed('4.07-mult-ip-in-header');
    expect(routing.via).to.include({ host: '2001:db8::9:1', port: 6050 });
    expect(message.headers('Via')).to.have.length(3);
  });

  it('4.9: IPv4 within IPv6, in Via, Contact and SDP', () => {
    const { message, routing } = parsed('4.09-ipv4-mapped-ipv6');
    expect(routing.via).to.include({ host: '::ffff:192.0.2.10', port: 19_823 });
    expect(parseSipUri(uriOf(message.header('Contact') ?? '') ?? '')?.host).to.equal('::ffff:192.0.2.2');
    expect(connections('4.09-ipv4-mapped-ipv6')[0]).to.equal('IN IP6 ::ffff:192.0.2.2');
  });

  it('4.10: three colons name the same address as two', () => {
    expect(target('4.10-ipv6-bug-abnf-3-colons')).to.deep.equal(['2001:db8::192.0.2.1', undefined]);
    expect(target('4.10-ipv6-correct-abnf-2-colons')).to.deep.equal(['2001:db8::192.0.2.1', undefined]);
  });

  it('the archive has lines that end in LF, which are none on the wire', () => {
    expect(tortureFile('5118-4.01-ipv6-good').includes('\r')).to.equal(false);
    expect(tortureMessage('5118-4.01-ipv6-good').includes('\r\n\r\n')).to.equal(true);
  });
});
