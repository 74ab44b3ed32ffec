/** What every SipAgent must do, on every engine: two agents talk to each other, and to peers that say raw bytes. */
import { expect } from 'chai';
import { describeCalls } from './agent-conformance-calls.js';
import { describeRawPeers } from './agent-conformance-raw.js';
import { Station, type MakeNode } from './agent-node.js';

const FROM = ['From', '<sip:bot@botplatform.example>'] as const;
const TEXT = ['Content-Type', 'text/plain;charset=UTF-8'] as const;

export function describeSipAgent(name: string, makeNode: MakeNode): void {
  describe(`${name}: conformance [IWF-1711]`, () => {
    let a: Station;
    let b: Station;

    beforeEach(async () => {
      [a, b] = await Promise.all([new Station().open(makeNode), new Station().open(makeNode)]);
    });

    afterEach(async () => {
      await Promise.all([a.close(), b.close()]);
    });

    it('is ready and says where it listens', () => {
      expect(a.agent.ready).to.equal(true);
      expect(a.port('udp')).to.be.above(0);
      expect(a.port('tcp')).to.be.above(0);
    });

    for (const protocol of ['udp', 'tcp'] as const) {
      it(`carries a MESSAGE over ${protocol} and its answer back, headers and bodies as they are`, async () => {
        const body = Buffer.from('grüße €\u{1f600}\r\n\r\nzweiter Teil\r\n');
        const headers = [
          FROM,
          ['P-Asserted-Identity', '<sip:bot@a>'],
          ['X-One', '1'],
          ['X-Two', ''],
          ['X-One', '"a, b", c'],
          TEXT,
        ] as const;
        const answered = a.agent.request({ method: 'MESSAGE', uri: b.uri(protocol), headers, body });
        const received = await b.messages.take();
        expect(received.method).to.equal('MESSAGE');
        expect(received.uri).to.equal(b.uri(protocol));
        expect(received.body).to.deep.equal(body);
        expect(received.peer.protocol).to.equal(protocol);
        expect(received.headers.get('From')).to.match(/^<sip:bot@botplatform\.example>;tag=.+/);
        expect(received.headers.get('To')).to.equal(`<${b.uri(protocol)}>`);
        expect(received.headers.get('i')).to.equal(received.callId).and.not.equal('');
        const own = received.headers.lines.filter(([given]) => /^(x-|p-)/i.test(given));
        expect(own).to.deep.equal([
          ['P-Asserted-Identity', '<sip:bot@a>'],
          ['X-One', '1'],
          ['X-Two', ''],
          ['X-One', '"a, b", c'],
        ]);
        await received.answer({
          status: 202,
          headers: [['X-R', '1'], ['X-S', '2'], ['X-R', '3'], TEXT],
          body: Buffer.from('größe'),
        });
        const response = await answered;
        expect(response).to.include({ status: 202, reason: 'Accepted' });
        expect(response.body.toString()).to.equal('größe');
        expect(response.headers.lines.filter(([given]) => /^x-/i.test(given)).map(([, value]) => value)).to.deep.equal([
          '1',
          '2',
          '3',
        ]);
      });
    }

    it('carries 100 kB over TCP, both ways', async () => {
      const body = Buffer.from('äöü€\r\n'.repeat(10_000));
      const answered = a.agent.request({ method: 'MESSAGE', uri: b.uri('tcp'), headers: [FROM, TEXT], body });
      const received = await b.messages.take();
      expect(received.body.equals(body)).to.equal(true);
      await received.answer({ status: 200, headers: [TEXT], body });
      expect((await answered).body.equals(body)).to.equal(true);
    });

    it('goes where the next hop says, whatever the Request-URI', async () => {
      const nextHop = `sip:127.0.0.1:${b.port('tcp')};transport=tcp`;
      const answered = a.agent.request({ method: 'MESSAGE', uri: 'tel:+491700000001', headers: [FROM], nextHop });
      const received = await b.messages.take();
      expect(received).to.include({ uri: 'tel:+491700000001' });
      expect(received.headers.get('To')).to.equal('<tel:+491700000001>');
      await received.answer({ status: 200 });
      expect(await answered).to.include({ status: 200 });
    });

    it('asks and answers OPTIONS', async () => {
      const headers = [FROM, ['Accept-Contact', '*;+g.oma.sip-im']] as const;
      const nextHop = `sip:127.0.0.1:${b.port('udp')}`;
      const answered = a.agent.request({ method: 'OPTIONS', uri: 'sip:bot@botplatform.example', headers, nextHop });
      const received = await b.options.take();
      expect(received.headers.get('a')).to.equal('*;+g.oma.sip-im');
      await received.answer({ status: 200, headers: [['Contact', '<sip:bot@127.0.0.1>;+g.oma.sip-im']] });
      const response = await answered;
      expect(response.status).to.equal(200);
      expect(response.headers.get('Contact')).to.equal('<sip:bot@127.0.0.1>;+g.oma.sip-im');
    });

    it('passes on a refusal with its reason and headers', async () => {
      const answered = a.agent.request({ method: 'MESSAGE', uri: b.uri(), headers: [FROM] });
      const received = await b.messages.take();
      await received.answer({ status: 480, reason: 'Not now', headers: [['Retry-After', '17']] });
      const response = await answered;
      expect(response).to.include({ status: 480, reason: 'Not now' });
      expect(response.headers.get('Retry-After')).to.equal('17');
    });

    it('counts the first answer alone', async () => {
      const answered = a.agent.request({ method: 'MESSAGE', uri: b.uri(), headers: [FROM] });
      const received = await b.messages.take();
      await Promise.all([received.answer({ status: 486 }), received.answer({ status: 200 })]);
      expect(await answered).to.include({ status: 486 });
    });

    it('lets no value end its header line [IWF-1012]', async () => {
      const injected = [FROM, ['Subject', 'a\r\nX-Injected: 1']] as const;
      expect(await a.agent.request({ method: 'MESSAGE', uri: b.uri(), headers: injected })).to.include({ status: 400 });
      expect(b.messages.size).to.equal(0);
    });

    it('keeps 200 MESSAGEs at once apart', async () => {
      b.messages.each((received) => void received.answer({ status: 200, headers: [TEXT], body: received.body }));
      const sent = Array.from({ length: 200 }, (_, n) => `message ${n}`);
      const answers = sent.map((text, n) =>
        a.agent.request({
          method: 'MESSAGE',
          uri: b.uri(n % 2 ? 'tcp' : 'udp'),
          headers: [FROM, TEXT],
          body: Buffer.from(text),
        }),
      );
      expect((await Promise.all(answers)).map(({ status, body }) => `${status} ${body.toString()}`)).to.deep.equal(
        sent.map((text) => `200 ${text}`),
      );
    });

    it('makes up 503 where nobody listens', async () => {
      const port = b.port('tcp');
      await b.close();
      const uri = `sip:x@127.0.0.1:${port};transport=tcp`;
      expect(await a.agent.request({ method: 'MESSAGE', uri, headers: [FROM] })).to.include({ status: 503 });
    });

    it('rejects once it is closed', async () => {
      await a.close();
      const error: unknown = await a.agent.request({ method: 'MESSAGE', uri: b.uri(), headers: [FROM] }).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).to.include({ name: 'PeerError' });
    });
  });

  describeCalls(name, makeNode);
  describeRawPeers(name, makeNode);
}
