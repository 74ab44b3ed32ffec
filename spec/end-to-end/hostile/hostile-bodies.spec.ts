import { expect } from 'chai';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { Peer, send } from '../../msrp/peer.js';
import { cpim, RawPhone, requestText } from '../raw-phone.js';
import { bot, contact, key, startWorld, type World } from '../world.js';

const messages = `/chat/v1/${encodeURIComponent(bot)}/oneToOne/${encodeURIComponent(contact)}/adhoc/messages`;
const chatNs = 'xmlns:chat="urn:oma:xml:rest:netapi:chat:1"';

/** Nothing here may take longer: a gateway that chews on one request serves nobody else. */
const maxMs = 1000;

/** Documents that grow, nest or compare without end, around any root. */
function bombs(root: string, attributes: string): Readonly<Record<string, string>> {
  const lols = Array.from({ length: 9 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`).join('');
  const inside = (text: string): string => `<${root} ${attributes}>${text}</${root}>`;
  return {
    'billion laughs': `<!DOCTYPE x [<!ENTITY l0 "lol">${lols}]>${inside('<text>&l9;</text>')}`,
    'quadratic blowup': `<!DOCTYPE x [<!ENTITY a "${'a'.repeat(20_000)}">]>${inside(`<text>${'&a;'.repeat(10_000)}</text>`)}`,
    'an external entity': `<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>${inside('<text>&a;</text>')}`,
    'an external DTD': `<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">${inside('<text>x</text>')}`,
    'a parameter entity': `<!DOCTYPE x [<!ENTITY % a "<!ENTITY b 'c'>">%a;]>${inside('<text>&b;</text>')}`,
    depth: inside('<a>'.repeat(20_000) + '</a>'.repeat(20_000)),
    'depth without end': `<${root} ${attributes}>${'<a>'.repeat(30_000)}`,
    'elements without count': inside('<a/>'.repeat(25_000)),
    'attributes without count': `<${root} ${attributes} ${Array.from({ length: 9_000 }, (_, i) => `a${i}=""`).join(' ')}/>`,
    'namespaces without count': `<${root} ${attributes} ${Array.from({ length: 4_000 }, (_, i) => `xmlns:a${i}="b"`).join(' ')}/>`,
    'namespaces at every depth': inside('<a xmlns="b" xmlns:c="d" c:e="f">'.repeat(3_000)),
    'a name without end': inside(`<${'a'.repeat(100_000)}/>`),
    'the same attribute twice': inside('<a b="1" b="2"/>'),
    'another encoding': `<?xml version="1.0" encoding="UTF-16"?>${inside('<text>x</text>')}`,
    'a character reference without end': inside(`<text>&#${'9'.repeat(50_000)};</text>`),
  };
}

describe('hostile bodies [IWF-1624]', () => {
  let world: World;
  let phone: RawPhone;
  before(async () => {
    world = await startWorld();
  });
  after(() => world.stop());
  beforeEach(async () => {
    phone = await RawPhone.of(world);
  });
  afterEach(() => phone.close());

  async function post(body: string | Uint8Array<ArrayBuffer>, type: string, more: Record<string, string> = {}) {
    const from = performance.now();
    const response = await fetch(world.serverRoot + messages, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': type, ...more },
      body,
    });
    const text = await response.text();
    expect(performance.now() - from).to.be.below(maxMs);
    return { status: response.status, text };
  }

  /** Raw HTTP on one connection; what was answered until it ended. */
  async function raw(text: string): Promise<string> {
    const socket = connect(world.ports.rest, '127.0.0.1');
    let received = '';
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => (received += chunk.toString('latin1')));
    socket.write(text);
    await new Promise((resolve) => socket.once('close', resolve));
    return received;
  }

  describe('XML to the REST face', () => {
    for (const [name, document] of Object.entries(bombs('chat:chatMessage', chatNs))) {
      it(`${name}: 400`, async () => {
        const { status, text } = await post(document, 'application/xml');
        expect(status, text.slice(0, 200)).to.equal(400);
        expect(text.length).to.be.below(2000);
      });
    }
  });

  describe('XML from the network', () => {
    const types = {
      'message/imdn+xml': bombs('imdn', 'xmlns="urn:ietf:params:xml:ns:imdn"'),
      'application/vnd.gsma.rcsspam-report+xml': bombs('SR', 'xmlns="urn:gsma:params:xml:ns:rcs:rcs:spamreport"'),
      'application/vnd.gsma.rcsalias-mgmt+xml': bombs('AM', 'xmlns="urn:gsma:params:xml:ns:rcs:rcs:aliasmgmt"'),
      'application/vnd.gsma.rcsrevoke+xml': bombs('MessageRevokeResponse', ''),
      'application/vnd.gsma.rcslink-report+xml': bombs('a', ''),
    };
    for (const [type, documents] of Object.entries(types)) {
      it(`${type}: refused or passed by, and at once`, async () => {
        for (const [name, body] of Object.entries(documents)) {
          const from = performance.now();
          const wrapped = type === 'message/imdn+xml' ? cpim(body, { type }).toString() : body;
          const answer = await phone.ask('MESSAGE', { type: wrapped === body ? type : 'message/cpim', body: wrapped });
          expect(answer.status, name).to.be.oneOf([200, 400, 413, 415, 480, 488]);
          expect(performance.now() - from, name).to.be.below(maxMs);
        }
        expect((await phone.ask('OPTIONS')).status).to.equal(200);
      });
    }
  });

  describe('JSON', () => {
    it('of the prototype reaches nothing', async () => {
      const body = '{"chatMessage":{"text":"x","__proto__":{"senderName":"evil"},"constructor":{"prototype":{"y":1}}}}';
      expect((await post(body, 'application/json')).status).to.equal(201);
      expect((await post('{"__proto__":{"chatMessage":{"text":"x"}}}', 'application/json')).status).to.equal(400);
      expect(({} as Record<string, unknown>)['senderName']).to.equal(undefined);
    });

    it('with a member twice: refused, whichever of the two would count', async () => {
      const body = '{"chatMessage":{"text":"first","text":"last of two"}}';
      const before = world.phone.inbox.length;
      expect((await post(body, 'application/json')).status).to.equal(400);
      expect((await post('{"chatMessage":{"text":"once"}}', 'application/json')).status).to.equal(201);
      await world.phone.until(() => world.phone.inbox.some(({ text }) => text === 'once'));
      expect(world.phone.inbox.slice(before).map(({ text }) => text)).to.deep.equal(['once']);
    });

    for (const number of ['-1', '1e400', '1.5', '99999999999999999999', '-0.1', '"1e9"', 'NaN', '0x10', '+1', '01']) {
      it(`expiry ${number}: 400`, async () => {
        const { status } = await post(`{"chatMessage":{"text":"x","expiry":${number}}}`, 'application/json');
        expect(status).to.equal(400);
      });
    }

    it('nested deeply, as list and as object: 400', async () => {
      for (const body of [
        '['.repeat(500_000),
        '{"a":'.repeat(200_000),
        `{"chatMessage":${'['.repeat(33)}${']'.repeat(33)}}`,
      ])
        expect((await post(body, 'application/json')).status).to.equal(400);
    });

    it('in no UTF-8, or with half a character: 400', async () => {
      for (const bytes of [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82]]) {
        const body = Buffer.concat([Buffer.from('{"chatMessage":{"text":"'), Buffer.from(bytes), Buffer.from('"}}')]);
        expect((await post(new Uint8Array(body), 'application/json')).status, String(bytes)).to.equal(400);
      }
      expect((await post('{"chatMessage":{"text":"\\ud800"}}', 'application/json')).status).to.equal(400);
    });

    it('compressed in whatever way: 415, and nothing is unpacked', async () => {
      const zipped = new Uint8Array(gzipSync(Buffer.alloc(20_000_000, ' ')));
      for (const coding of ['gzip', 'deflate', 'br', 'x-gzip', 'identity, gzip', 'zstd'])
        expect((await post(zipped, 'application/json', { 'content-encoding': coding })).status, coding).to.equal(415);
    });
  });

  describe('lengths in HTTP', () => {
    const head = (lines: string): string =>
      `POST ${messages} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json\r\n${lines}\r\n`;
    const lengths: Readonly<Record<string, [lines: string, status: number]>> = {
      negative: ['Content-Length: -1\r\n', 400],
      'no number': ['Content-Length: 1e3\r\n', 400],
      'beyond every number': [`Content-Length: ${'9'.repeat(30)}\r\n`, 400],
      'two of them': ['Content-Length: 2\r\nContent-Length: 3\r\n', 400],
      'both ways at once': ['Content-Length: 2\r\nTransfer-Encoding: chunked\r\n', 400],
      'an unknown transfer coding': ['Transfer-Encoding: gzip, identity\r\n', 400],
      'a chunk of gigantic size': [`Transfer-Encoding: chunked\r\n\r\n${'f'.repeat(40)}\r\n`, 400],
    };
    for (const [name, [lines, status]] of Object.entries(lengths)) {
      it(`${name}: ${status}, and the connection ends`, async () => {
        const answer = await raw(head(lines) + '{}');
        expect(answer).to.match(new RegExp(`^HTTP/1.1 ${status} `));
      });
    }
  });

  describe('lengths in SIP and MSRP', () => {
    for (const length of ['-1', '1e3', '+5', '9'.repeat(30), '4294967296', '2000000', '0x10', '']) {
      it(`Content-Length ${length.slice(0, 12)} on TCP: refused, and the connection ends`, async () => {
        const text = requestText('MESSAGE', phone.port, { type: 'text/plain', body: 'x' });
        const socket = connect(world.ports.sip, '127.0.0.1');
        let received = '';
        socket.on('error', () => undefined);
        socket.on('data', (chunk) => (received += chunk.toString('latin1')));
        socket.write(text.replace(/Content-Length: \d+/, `Content-Length: ${length}`));
        await new Promise((resolve) => socket.once('close', resolve));
        expect(received).to.match(/^SIP\/2.0 4(00|13) /);
      });
    }

    it('a body in a content coding: 415', async () => {
      for (const coding of ['gzip', 'identity;q=1', 'x'])
        expect(
          (await phone.ask('MESSAGE', { type: 'message/cpim', lines: [`Content-Encoding: ${coding}`], body: 'x' }))
            .status,
          coding,
        ).to.equal(415);
    });

    for (const range of [
      '0-1/1',
      '-1-5/5',
      '5-1/5',
      `1-5/${'9'.repeat(40)}`,
      `${'9'.repeat(15)}-*/*`,
      '1-*/999999999999999',
    ]) {
      it(`Byte-Range ${range.slice(0, 24)}: refused, and nothing is kept for it`, async () => {
        const chat = await phone.chat();
        const status = await chat.say('x', { range, flag: '+' });
        expect(status).to.be.oneOf([400, 413, 423]);
      });
    }

    it('a chunk far behind what has come waits in no memory of its size', async () => {
      const chat = await phone.chat();
      const before = process.memoryUsage().arrayBuffers;
      await chat.say('x', { range: '1000000-1000000/1048576', flag: '+' });
      expect(process.memoryUsage().arrayBuffers - before).to.be.below(8_000_000);
    });

    it('what is no MSRP ends its connection', async () => {
      for (const text of ['GET / HTTP/1.1\r\n\r\n', '\0'.repeat(100), `MSRP ${'a'.repeat(9000)}`]) {
        const peer = await Peer.connect(world.ports.msrp);
        peer.socket.write(text);
        await peer.closed;
      }
      const peer = await Peer.connect(world.ports.msrp);
      peer.write(send({ to: 'msrp://127.0.0.1:1/nobody;tcp' }));
      expect(await peer.status()).to.equal(481);
      peer.destroy();
    });
  });
});
