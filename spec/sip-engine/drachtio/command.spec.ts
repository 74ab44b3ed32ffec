import { expect } from 'chai';
import fc from 'fast-check';
import { parseCommand, type Command } from '../../../lib/sip-engine/drachtio/command.js';

const message = (...lines: readonly string[]) => lines.join('\r\n');

function sip(leader: string, text: string): Command {
  return parseCommand(Buffer.from(`${leader}\r\n${text}`));
}

describe('drachtio command', () => {
  it('understands what has no message', () => {
    expect(parseCommand(Buffer.from('1|authenticate|cymru|tag1,tag2'))).to.deep.equal({
      id: '1',
      kind: 'authenticate',
      secret: 'cymru',
    });
    expect(parseCommand(Buffer.from('1|ping'))).to.deep.equal({ id: '1', kind: 'ping' });
    expect(parseCommand(Buffer.from('1|route|INVITE'))).to.deep.equal({ id: '1', kind: 'route', verb: 'invite' });
    expect(parseCommand(Buffer.from('1|remove_route|message'))).to.deep.equal({
      id: '1',
      kind: 'remove-route',
      verb: 'message',
    });
  });

  it('tells a response, a request, a CANCEL and an ACK apart', () => {
    expect(sip('1|sip|txn|', 'SIP/2.0 200 OK\r\n\r\n')).to.include({ kind: 'respond', txnId: 'txn' });
    expect(sip('1|sip||', 'MESSAGE sip:a@b SIP/2.0\r\n\r\n')).to.include({
      kind: 'send',
      dialogId: undefined,
      nextHop: undefined,
    });
    expect(sip('1|sip|||sip:h:5060;transport=tcp', 'MESSAGE tel:+1 SIP/2.0\r\n\r\n')).to.include({
      nextHop: 'sip:h:5060;transport=tcp',
    });
    expect(sip('1|sip||call;from-tag=x', 'BYE sip:placeholder SIP/2.0\r\n\r\n')).to.include({
      dialogId: 'call;from-tag=x',
    });
    expect(sip('1|sip|txn|', 'CANCEL sip:a@b SIP/2.0\r\n\r\n')).to.include({ kind: 'cancel', txnId: 'txn' });
    expect(sip('1|sip||call;from-tag=x', 'ACK sip:a@b SIP/2.0\r\n\r\n')).to.include({
      kind: 'ack',
      dialogId: 'call;from-tag=x',
    });
  });

  it('takes all that follows the first empty line as the body, whatever Content-Length says', () => {
    const command = sip(
      '1|sip||',
      message('MESSAGE sip:a@b SIP/2.0', 'content-type: text/plain', 'content-length: 2', '', 'grüße\r\n\r\nzwei'),
    );
    expect(command.kind === 'send' && command.message.body?.toString()).to.equal('grüße\r\n\r\nzwei');
    expect(command.kind === 'send' && command.message.headers).to.deep.equal([['Content-Type', 'text/plain']]);
  });

  it('drops what the engine alone may write, and spells names canonically', () => {
    const given = ['Via: x', 'v: x', 'record-route: <sip:r>', 'RSeq: 1', 'l: 0', 'cseq: 1 MESSAGE', 'call-id: c'];
    const kept = [
      'route: <sip:r>',
      'p-asserted-identity: <sip:a@b>',
      'X-Own-NAME: 1',
      'MIME-version: 1.0',
      'mime-version: 1.0',
      'subject: one',
      ' two',
    ];
    const command = sip('1|sip||', message('MESSAGE sip:a@b SIP/2.0', ...given, ...kept, '', ''));
    expect(command.kind === 'send' && command.message.headers).to.deep.equal([
      ['CSeq', '1 MESSAGE'],
      ['Call-ID', 'c'],
      ['Route', '<sip:r>'],
      ['P-Asserted-Identity', '<sip:a@b>'],
      ['X-Own-NAME', '1'],
      ['MIME-version', '1.0'],
      ['MIME-Version', '1.0'],
      ['Subject', 'one two'],
    ]);
  });

  it('adds application/sdp to SDP, and wants a Content-Type for any other body', () => {
    const offer = sip('1|sip||', 'INVITE sip:a@b SIP/2.0\r\n\r\nv=0\r\n');
    expect(offer.kind === 'send' && offer.message.headers).to.deep.equal([['Content-Type', 'application/sdp']]);
    expect(sip('1|sip||', 'MESSAGE sip:a@b SIP/2.0\r\n\r\nhello')).to.deep.equal({
      id: '1',
      kind: 'refused',
      text: 'missing content-type',
    });
    expect(sip('1|sip||', 'MESSAGE sip:a@b SIP/2.0\r\nc: text/plain\r\n\r\nhello')).to.include({ kind: 'send' });
  });

  for (const [name, leader, text] of [
    ['a response without its transaction', '1|sip||', 'SIP/2.0 200 OK\r\n\r\n'],
    ['a status that is none', '1|sip|t|', 'SIP/2.0 99 No\r\n\r\n'],
    ['another version', '1|sip||', 'MESSAGE sip:a@b SIP/3.0\r\n\r\n'],
    ['a request line with a space in the URI', '1|sip||', 'MESSAGE sip:a b SIP/2.0\r\n\r\n'],
    ['a header without a colon', '1|sip||', 'MESSAGE sip:a@b SIP/2.0\r\nnonsense\r\n\r\n'],
    ['a bare LF in a header', '1|sip||', 'MESSAGE sip:a@b SIP/2.0\r\nX: a\nVia: b\r\n\r\n'],
    ['a NUL in a header', '1|sip||', 'MESSAGE sip:a@b SIP/2.0\r\nX: a\0\r\n\r\n'],
    ['more than 512 lines', '1|sip||', `MESSAGE sip:a@b SIP/2.0\r\n${'X: 1\r\n'.repeat(600)}\r\n`],
    ['an unknown command', '1|proxy|txn|x', ''],
    ['nothing at all', '', ''],
  ] as const) {
    it(`refuses ${name}`, () => {
      expect(sip(leader, text)).to.include({ kind: 'refused' });
    });
  }

  it('refuses a sip command without a message', () => {
    expect(parseCommand(Buffer.from('1|sip||'))).to.deep.equal({ id: '1', kind: 'refused', text: 'no message' });
  });

  it('never throws, whatever the bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void parseCommand(Buffer.from(bytes))));
    fc.assert(fc.property(fc.string({ maxLength: 200 }), (text) => void sip('1|sip|x|', text)));
  });
});
