import { expect } from 'chai';
import { readInviteBody } from '../../../lib/sip/chat/invite-body.js';
import { headerList } from '../../../lib/sip/header-list.js';
import type { SipRequest } from '../../../lib/sip/agent.js';

const sdp = 'v=0\r\n';
const head = 'From: <sip:a@example.net>\r\nTo: <sip:b@example.net>\r\n\r\nContent-Type: text/plain\r\n\r\n';
const part = (type: string, body: string): string => `--b\r\nContent-Type: ${type}\r\n\r\n${body}\r\n`;
const multipart = (...parts: readonly string[]): ReturnType<typeof read> =>
  read('multipart/mixed;boundary=b', `${parts.join('')}--b--\r\n`);

function read(type: string, text: string): { readonly sdp?: string; readonly firstMessage?: string } {
  const request: SipRequest = {
    method: 'INVITE',
    uri: 'sip:b@example.net',
    callId: 'one',
    headers: headerList([['c', type]]),
    body: Buffer.from(text),
    peer: { protocol: 'udp', address: '192.0.2.1', port: 5060 },
  };
  return Object.fromEntries(Object.entries(readInviteBody(request)).map(([name, bytes]) => [name, String(bytes)]));
}

describe('body of an INVITE', () => {
  it('is an offer, or nothing', () => {
    expect(read('Application/SDP', sdp)).to.deep.equal({ sdp });
    expect(read('application/sdp', '')).to.deep.equal({});
    expect(() => read('text/plain', sdp)).to.throw('neither SDP nor multipart');
  });

  it('may have a first message beside its offer, in whatever order, and parts of other types', () => {
    const both = { sdp, firstMessage: `${head}hello` };
    expect(multipart(part('message/cpim', `${head}hello`), part('application/sdp', sdp))).to.deep.equal(both);
    const more = part('application/resource-lists+xml', '<resource-lists/>');
    expect(multipart(part('application/sdp', sdp), more, part('Message/CPIM', `${head}hello`))).to.deep.equal(both);
  });

  it('may have its parts in a transfer encoding', () => {
    const type = 'message/cpim\r\nContent-Transfer-Encoding: base64';
    const encoded = Buffer.from(`${head}hello`).toString('base64');
    const read = multipart(part('application/sdp', sdp), part(type, encoded));
    expect(read).to.deep.equal({ sdp, firstMessage: `${head}hello` });
  });

  it('with CPIM headers alone has no first message: the content follows by MSRP [IWF-1348]', () => {
    for (const alone of [head, `${head}\r\n`, head.slice(0, -2)]) {
      expect(multipart(part('message/cpim', alone), part('application/sdp', sdp))).to.deep.equal({ sdp });
    }
  });

  it('with CPIM that is none has it as it came: it is refused where messages are', () => {
    const read = multipart(part('message/cpim', 'hello'), part('application/sdp', sdp));
    expect(read).to.deep.equal({ sdp, firstMessage: 'hello' });
  });
});
