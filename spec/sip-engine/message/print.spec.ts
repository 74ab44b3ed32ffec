import { expect } from 'chai';
import { longName, compactName } from '../../../lib/sip-engine/message/header-names.js';
import { isRegistered } from '../../../lib/sip-engine/message/methods.js';
import { bracketed } from '../../../lib/sip-engine/message/name-addr.js';
import { parseMessage } from '../../../lib/sip-engine/message/parse.js';
import { headerLine, makeMessage, reasonOf } from '../../../lib/sip-engine/message/print.js';
import { makeResponse, timestampOf } from '../../../lib/sip-engine/message/response.js';
import { newBranch, newToken } from '../../../lib/sip-engine/message/token.js';
import { DEFAULT_LIMITS } from '../../../lib/sip-engine/options.js';

const request = (method: string | undefined, uri: string | undefined) => ({
  ...{ method, uri },
  ...{ status: undefined, reason: undefined },
});

describe('A SIP message of our own', () => {
  it('is start line, lines, Content-Length and body, text as UTF-8', () => {
    const lines = [headerLine('Subject', 'café'), headerLine('X-One', '1')];
    const made = makeMessage(request('MESSAGE', 'sip:a@b'), lines, Buffer.from('hé'));
    expect(made.bytes.toString()).to.equal(
      'MESSAGE sip:a@b SIP/2.0\r\nSubject: café\r\nX-One: 1\r\nContent-Length: 3\r\n\r\nhé',
    );
    expect([made.header('subject'), made.header('X-ONE'), made.body.toString()]).to.deep.equal(['café', '1', 'hé']);
    expect(made.headerLines()).to.have.length(3);
  });

  it('has no line that a value begins', () => {
    for (const evil of ['a\r\nVia: b', 'a\nb', 'a\rb', 'a\0b']) {
      expect(() => headerLine('Subject', evil)).to.throw('line break');
      expect(() => makeMessage({ ...request(undefined, undefined), status: 200, reason: evil }, [])).to.throw('reason');
      expect(() => makeMessage(request('BYE', `sip:${evil}`), [])).to.throw('request line');
    }
    for (const name of ['', 'a b', 'a:', 'a\r\nb']) expect(() => headerLine(name, 'x')).to.throw('header name');
    for (const [method, uri] of [
      ['BY E', 'sip:a'],
      ['', 'sip:a'],
      [undefined, 'sip:a'],
      ['BYE', 'sip:a b'],
      ['BYE', ''],
      ['BYE', undefined],
    ])
      expect(() => makeMessage(request(method, uri), [])).to.throw('request line');
  });

  it('says the phrase of its status, or that of its class', () => {
    const phrases = [200, 299, 199, 404, 408, 481, 486, 487, 503, 603, 499, 699].map(reasonOf);
    expect(phrases).to.deep.equal([
      ...['OK', 'OK', 'Progress', 'Not Found', 'Request Timeout', 'Call/Transaction Does Not Exist'],
      ...['Busy Here', 'Request Terminated', 'Service Unavailable', 'Decline', 'Refused', 'Refused'],
    ]);
  });
});

describe('Names of SIP', () => {
  it('are long or compact (RFC 3261 §20, RFC 3841, 3892, 4028, 6665)', () => {
    const forms = {
      ...{ a: 'accept-contact', b: 'referred-by', c: 'content-type', d: 'request-disposition' },
      ...{ e: 'content-encoding', f: 'from', i: 'call-id', j: 'reject-contact', k: 'supported' },
      ...{ l: 'content-length', m: 'contact', n: 'identity-info', o: 'event', r: 'refer-to', s: 'subject' },
      ...{ t: 'to', u: 'allow-events', v: 'via', x: 'session-expires', y: 'identity' },
    };
    for (const [compact, long] of Object.entries(forms)) {
      expect([longName(compact), longName(compact.toUpperCase())]).to.deep.equal([long, long]);
      expect(compactName(long)).to.equal(compact);
    }
    expect([longName('Min-SE'), longName('z'), compactName('min-se')]).to.deep.equal(['min-se', 'z', undefined]);
  });

  it('of methods are fourteen, told apart by case (§7.1)', () => {
    const methods =
      'ACK BYE CANCEL INFO INVITE MESSAGE NOTIFY OPTIONS PRACK PUBLISH REFER REGISTER SUBSCRIBE UPDATE'.split(' ');
    expect(methods.filter(isRegistered)).to.deep.equal(methods);
    expect(['invite', 'FLOOD', ''].some(isRegistered)).to.equal(false);
  });

  it('of our own making never come twice, and branches begin with the cookie (§8.1.1.7)', () => {
    const made = Array.from({ length: 2000 }, newToken);
    expect(new Set(made).size).to.equal(2000);
    for (const token of made) expect(token).to.match(/^[0-9a-f]{16}$/);
    expect(newBranch()).to.match(/^z9hG4bK[0-9a-f]{16}$/);
  });

  it('put into brackets keep those that they have', () => {
    expect([bracketed('sip:a@b;x=1'), bracketed('"A" <sip:a@b>')]).to.deep.equal(['<sip:a@b;x=1>', '"A" <sip:a@b>']);
  });
});

describe('A response (RFC 3261 §8.2.6)', () => {
  const source = { protocol: 'udp', host: '192.0.2.1', port: 5060 } as const;
  const received = (to: string, ...more: readonly string[]) => {
    const lines = [
      ...['INVITE sip:bot@h SIP/2.0', 'Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa', 'Via: SIP/2.0/UDP 192.0.2.7'],
      ...['Record-Route: <sip:p1;lr>', 'Record-Route: <sip:p2;lr>', 'From: <tel:+1>;tag=f', `To: ${to}`],
      ...['Call-ID: c1', 'CSeq: 7 INVITE', ...more, 'Content-Length: 0', '', ''],
    ];
    return parseMessage(Buffer.from(lines.join('\r\n')), DEFAULT_LIMITS, true);
  };
  const respond = (to: string, draft: Parameters<typeof makeResponse>[1], contact?: string) => {
    const { message, routing } = received(to);
    return makeResponse({ request: message, routing, source, toTag: 't1', contact }, draft).head.split('\r\n');
  };

  it('takes Via, From, To, Call-ID, CSeq and Record-Route from its request, and none of them from the application', () => {
    const headers = ['Via', 'From', 'Call-ID', 'i', 'CSeq', 'Record-Route', 'Content-Length'].map(
      (name) => [name, 'evil'] as const,
    );
    expect(respond('<sip:bot@h>', { status: 200, headers: [...headers, ['X-Own', '1']] }, '<sip:us>')).to.deep.equal([
      ...['SIP/2.0 200 OK', 'Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa', 'Via: SIP/2.0/UDP 192.0.2.7'],
      ...['From: <tel:+1>;tag=f', 'To: <sip:bot@h>;tag=t1', 'Call-ID: c1', 'CSeq: 7 INVITE'],
      ...['Record-Route: <sip:p1;lr>', 'Record-Route: <sip:p2;lr>', 'Contact: <sip:us>', 'X-Own: 1'],
      'Content-Length: 0',
    ]);
  });

  it('has Record-Route from 101 to 299 alone (§12.1.1)', () => {
    const routes = [100, 180, 200, 299, 300, 486].map(
      (status) => respond('<sip:b>', { status, headers: [] }).filter((line) => line.startsWith('Record-Route')).length,
    );
    expect(routes).to.deep.equal([0, 2, 2, 2, 0, 0]);
  });

  it('has the tag of its request, else the application’s, else ours', () => {
    const to = (tagged: string, ours?: string) =>
      respond(tagged, { status: 200, headers: ours === undefined ? [] : [['To', ours]] }).find((l) => /^To/.test(l));
    expect(to('<sip:b>;tag=x', '<sip:b>;tag=app')).to.equal('To: <sip:b>;tag=x');
    expect(to('<sip:b>', '<sip:b>;tag=app')).to.equal('To: <sip:b>;tag=app');
    expect(to('<sip:b>', '<sip:b>;tag=')).to.equal('To: <sip:b>;tag=t1');
    expect(to('<sip:b>', '<sip:b>')).to.equal('To: <sip:b>;tag=t1');
  });

  it('has one Contact: the application’s, else ours, else none', () => {
    const contacts = (own: readonly (readonly [string, string])[], ours?: string) =>
      respond('<sip:b>', { status: 200, headers: own }, ours).filter((line) => /^(Contact|m):/.test(line));
    expect(contacts([['m', '<sip:app>']], '<sip:us>')).to.deep.equal(['m: <sip:app>']);
    expect(contacts([], '<sip:us>')).to.deep.equal(['Contact: <sip:us>']);
    expect(contacts([])).to.deep.equal([]);
  });

  it('100 says when the request left, and how long it has been here since (§8.2.6.1)', () => {
    const at = (delayMs: number, ...more: readonly string[]) =>
      timestampOf(received('<sip:b>', ...more).message, delayMs);
    expect(at(0, 'Timestamp: 54')).to.deep.equal([['Timestamp', '54']]);
    expect(at(1500, 'Timestamp: 54.2 1')).to.deep.equal([['Timestamp', '54.2 1.500']]);
    expect(at(5)).to.deep.equal([]);
  });
});
