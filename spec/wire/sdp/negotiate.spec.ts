import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { attributeOf, parseDescription, printDescription, valueOf } from '../../../lib/wire/sdp/description.js';
import {
  answer,
  makeOffer,
  readAnswer,
  typeIsAccepted,
  type AnswerReading,
  type LocalMedia,
  type Negotiation,
} from '../../../lib/wire/sdp/negotiate.js';

const template = (name: string) => readFileSync(join('sdp-templates', `${name}.sdp`), 'utf8');
const offerOf = (name: string) => parseDescription(readFileSync(join('spec', 'fixtures', 'sdp', `${name}.sdp`)));

const plain = ['msrp://192.0.2.1:2855/own;tcp', 'msrp://[2001:db8::1]:2855/own;tcp'];
const secure = ['msrps://192.0.2.1:2856/own;tcp'];
const local: LocalMedia = {
  template: template('chatbot-session-answer'),
  origin: { id: '1', version: '1' },
  paths: plain,
  fingerprints: [{ hash: 'sha-256', value: 'AA:BB' }],
  maxBytes: 1_048_576,
};

function accepted<T extends Negotiation | AnswerReading>(result: T): Extract<T, { kind: 'accepted' }> {
  if (result.kind !== 'accepted') throw new Error(`refused: ${result.reason}`);
  return result as Extract<T, { kind: 'accepted' }>;
}

describe('answer to an offer', () => {
  const roles: readonly [offer: string, role: string, setup: string | undefined][] = [
    ['phone-active', 'passive', 'passive'],
    ['phone-actpass', 'passive', 'passive'],
    ['phone-passive', 'active', 'active'],
    ['phone-without-setup', 'passive', undefined],
    ['phone-holdconn', 'passive', 'holdconn'],
  ];
  for (const [name, role, setup] of roles) {
    it(`${name}: we are ${role}, a=setup is ${setup ?? 'absent'}`, () => {
      const result = accepted(answer(offerOf(name), local));
      expect(result.role).to.equal(role);
      expect(attributeOf(result.answer.media[0]!.lines, 'setup')).to.equal(setup);
    });
  }

  it('is our template, filled', () => {
    const { answer: made } = accepted(answer(offerOf('phone-active'), local));
    expect(
      printDescription(made)
        .split('\r\n')
        .filter((line) => !line.startsWith('a=accept-wrapped')),
    ).to.deep.equal([
      'v=0',
      'o=- 1 1 IN IP4 192.0.2.1',
      's=-',
      'c=IN IP4 192.0.2.1',
      't=0 0',
      'm=message 2855 TCP/MSRP *',
      'a=accept-types:message/cpim',
      'a=setup:passive',
      'a=path:msrp://192.0.2.1:2855/own;tcp',
      'a=max-size:1048576',
      'a=sendrecv',
      '',
    ]);
  });

  it('keeps to the address family of the offer', () => {
    const result = accepted(answer(offerOf('phone-ip6'), local));
    expect(valueOf(result.answer.session, 'c')).to.equal('IN IP6 2001:db8::1');
    expect(result.localPath).to.equal('msrp://[2001:db8::1]:2855/own;tcp');
    expect(result.connect).to.deep.equal({ host: '2001:db8::10', port: 20000 });
  });

  it('uses what we have where the family is not ours, and takes a host name for any family', () => {
    const one = accepted(answer(offerOf('phone-ip6'), { ...local, paths: plain.slice(0, 1) }));
    expect(valueOf(one.answer.session, 'c')).to.equal('IN IP4 192.0.2.1');
    const named = accepted(answer(offerOf('phone-ip6'), { ...local, paths: ['msrp://gw.example.net:2855/own;tcp'] }));
    expect(valueOf(named.answer.session, 'c')).to.equal('IN IP6 gw.example.net');
  });

  it('connects by c= and m= with CEMA under both its names, else by the path [IWF-1311]', () => {
    for (const name of ['cema', 'cema-legacy-acm']) {
      const result = accepted(answer(offerOf(name), local));
      expect(result).to.deep.include({ cema: true, connect: { host: '198.51.100.7', port: 30000 } });
      expect(attributeOf(result.answer.media[0]!.lines, 'msrp-cema')).to.equal('');
    }
    const without = accepted(answer(offerOf('address-differs-without-cema'), local));
    expect(without).to.deep.include({ cema: false, connect: { host: '192.0.2.10', port: 20000 } });
    expect(attributeOf(without.answer.media[0]!.lines, 'msrp-cema')).to.equal(undefined);
  });

  it('connects by the path where CEMA has no c= line to go by, to port 2855 where the path has none (RFC 4975 §15.4)', () => {
    const offer = { ...offerOf('cema') };
    const bare = { ...offer, session: offer.session.filter(({ type }) => type !== 'c') };
    expect(accepted(answer(bare, local)).connect).to.deep.equal({ host: '192.0.2.10', port: 20000 });
    const portless = parseDescription(printDescription(bare).replace('192.0.2.10:20000', '192.0.2.10'));
    expect(accepted(answer(portless, local)).connect).to.deep.equal({ host: '192.0.2.10', port: 2855 });
  });

  it('connects to the nearest relay, and keeps the whole path', () => {
    expect(accepted(answer(offerOf('relay-path'), local))).to.deep.include({
      connect: { host: 'relay.example.net', port: 9000 },
      remotePath: ['msrp://relay.example.net:9000/r1;tcp', 'msrp://192.0.2.10:20000/abc123;tcp'],
    });
  });

  it('declines every other medium with port 0, in the order of the offer', () => {
    const { answer: made } = accepted(answer(offerOf('audio-first'), local));
    expect(made.media.map(({ text }) => text)).to.deep.equal([
      'audio 0 RTP/AVP 0 8',
      'message 2855 TCP/MSRP *',
      'message 0 TCP/MSRP *',
    ]);
    expect(valueOf(made.session, 't')).to.equal('1 2');
  });

  it('turns the direction round', () => {
    const result = accepted(answer(offerOf('large-message-sendonly'), local));
    expect(result.direction).to.equal('recvonly');
    expect(printDescription(result.answer)).to.include('a=recvonly\r\n');
    expect(result.fileSelector).to.match(/^name:"a b.jpg"/);
  });

  it('takes any type and upper case, ignores a=connection and odd o= lines, and line feeds alone', () => {
    expect(accepted(answer(offerOf('types-any-and-upper-case'), local)).acceptTypes).to.deep.equal([
      '*',
      'message/CPIM',
    ]);
    const odd = accepted(answer(offerOf('origin-not-numeric'), local));
    expect(printDescription(odd.answer)).not.to.include('connection');
    expect(accepted(answer(offerOf('bare-line-feeds'), local)).role).to.equal('passive');
  });

  it('answers the same offer the same way again', () => {
    expect(answer(offerOf('phone-actpass'), local)).to.deep.equal(answer(offerOf('phone-actpass'), local));
  });

  it('answers TLS with TLS, its fingerprint and a msrps path', () => {
    const result = accepted(answer(offerOf('tls'), { ...local, paths: [...plain, ...secure] }));
    expect(result).to.deep.include({ secure: true, localPath: secure[0] });
    expect(result.fingerprints).to.have.length(2);
    expect(printDescription(result.answer)).to.include('m=message 2856 TCP/TLS/MSRP *\r\n');
    expect(printDescription(result.answer)).to.include('a=fingerprint:sha-256 AA:BB\r\n');
  });

  const refusals: readonly [offer: string, paths: readonly string[], reason: string][] = [
    ['audio-only', plain, 'no-message-media'],
    ['message-port-0', plain, 'no-message-media'],
    ['types-not-ours', plain, 'no-common-type'],
    ['tls', plain, 'tls-required'],
    ['phone-active', secure, 'tls-required'],
  ];
  for (const [name, paths, reason] of refusals) {
    it(`${name} is refused: ${reason}`, () => {
      expect(answer(offerOf(name), { ...local, paths })).to.deep.equal({ kind: 'refused', reason });
    });
  }
});

describe('our own offer', () => {
  const offering = { ...local, template: template('chatbot-session-offer') };

  it('is actpass with the listening port, and knows CEMA', () => {
    const text = printDescription(makeOffer(offering));
    expect(text).to.include('m=message 2855 TCP/MSRP *\r\n');
    expect(text).to.include('a=setup:actpass\r\n');
    expect(text).to.include('a=msrp-cema\r\n');
    expect(text).to.include('a=sendrecv\r\n');
    for (const type of ['message/imdn+xml', 'application/vnd.gsma.botmessage.v1.0+json']) expect(text).to.include(type);
  });

  it('names an address family beside a host name', () => {
    const text = printDescription(makeOffer({ ...offering, paths: ['msrp://gw.example.net:2855/own;tcp'] }));
    expect(text).to.include('c=IN IP4 gw.example.net\r\n');
  });

  it('of a large message is sendonly', () => {
    const text = printDescription(
      makeOffer({ ...local, template: template('large-message-offer'), paths: plain.slice(1) }),
    );
    expect(text).to.include('a=sendonly\r\n');
    expect(text).to.include('c=IN IP6 2001:db8::1\r\n');
  });

  const roles: readonly [answer: string, role: string][] = [
    ['phone-active', 'passive'],
    ['phone-passive', 'active'],
    ['phone-without-setup', 'active'],
    ['phone-actpass', 'active'],
    ['phone-holdconn', 'passive'],
  ];
  for (const [name, role] of roles) {
    it(`answered by ${name}: we are ${role}`, () => {
      const result = accepted(readAnswer(makeOffer(offering), offerOf(name)));
      expect(result.role).to.equal(role);
      expect(result.localPath).to.equal(plain[0]);
    });
  }

  it('uses CEMA where the answer has it too', () => {
    const result = accepted(readAnswer(makeOffer(offering), offerOf('cema')));
    expect(result.connect).to.deep.equal({ host: '198.51.100.7', port: 30000 });
  });

  it('uses no CEMA where our own description has none (RFC 6714 §4)', () => {
    const { answer: ours } = accepted(answer(offerOf('phone-active'), local));
    const result = accepted(readAnswer(ours, offerOf('cema')));
    expect(result).to.deep.include({ cema: false, connect: { host: '192.0.2.10', port: 20000 } });
  });

  const refusals: readonly [string, string][] = [
    ['audio-only', 'no-message-media'],
    ['message-port-0', 'no-message-media'],
    ['types-not-ours', 'no-common-type'],
    ['tls', 'tls-required'],
  ];
  for (const [name, reason] of refusals) {
    it(`answered by ${name} is refused: ${reason}`, () => {
      expect(readAnswer(makeOffer(offering), offerOf(name))).to.deep.equal({ kind: 'refused', reason });
    });
  }

  it('and the answer of our own kind fit together', () => {
    const ours = makeOffer(offering);
    const theirs = accepted(answer(ours, { ...local, paths: ['msrp://192.0.2.2:2855/theirs;tcp'] }));
    const read = accepted(readAnswer(ours, theirs.answer));
    expect([theirs.role, read.role]).to.deep.equal(['passive', 'active']);
    expect(read.remotePath).to.deep.equal(['msrp://192.0.2.2:2855/theirs;tcp']);
    expect(theirs.remotePath).to.deep.equal([plain[0]]);
  });
});

describe('accepted types', () => {
  const table: readonly [type: string, accepted: readonly string[], expected: boolean][] = [
    ['message/CPIM', ['message/cpim'], true],
    ['text/plain;charset=UTF-8', ['TEXT/PLAIN'], true],
    ['text/plain ; charset=UTF-8', ['text/plain'], true],
    ['text/plainer', ['text/plain'], false],
    ['text/plain', ['*'], true],
    ['image/png', ['image/*'], true],
    ['imagery/png', ['image/*'], false],
    ['text/plain', [], false],
  ];
  for (const [type, list, expected] of table) {
    it(`${type} in [${list.join(' ')}]: ${String(expected)}`, () =>
      expect(typeIsAccepted(type, list)).to.equal(expected));
  }
});
