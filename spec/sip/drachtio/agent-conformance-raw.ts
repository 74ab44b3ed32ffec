/** What every SipAgent must do with peers that say raw bytes, or nothing. */
import { expect } from 'chai';
import { Ear, Station, type MakeNode } from './agent-node.js';
import { headerOf, message, respondTo, tcpListener, tcpPeer, udpPeer, type RawPeer } from '../raw-peer.js';

const FROM = ['From', '<sip:bot@botplatform.example>'] as const;
const SDP = 'v=0\r\ns=-\r\n';

export function describeRawPeers(name: string, makeNode: MakeNode): void {
  describe(`${name}: raw peers [IWF-1711]`, () => {
    let station: Station;
    let peer: RawPeer;

    async function open(kind: 'udp' | 'tcp' | 'tcp listening', options = {}): Promise<void> {
      station = await new Station().open(makeNode, options);
      if (kind === 'udp') peer = await udpPeer(station.port('udp'));
      else peer = kind === 'tcp' ? await tcpPeer(station.port('tcp')) : await tcpListener();
    }

    afterEach(async () => {
      peer.close();
      await station.close();
    });

    function request(
      method: string,
      options: {
        lines?: readonly string[];
        body?: string;
        branch?: string;
        to?: string;
        seq?: number;
        via?: string;
      } = {},
    ): string {
      const {
        lines = [],
        body = '',
        branch = `z9hG4bK${method}`,
        to = '<sip:bot@botplatform.example>',
        seq = 1,
        via = 'UDP',
      } = options;
      const start = `${method} sip:bot@botplatform.example SIP/2.0`;
      const own = [
        `Via: SIP/2.0/${via} 127.0.0.1:${peer.port};branch=${branch};rport`,
        'Max-Forwards: 70',
        'From: <tel:+491700000001>;tag=raw',
      ];
      const via4 = via === 'TCP' ? ';transport=tcp' : '';
      return message(
        start,
        [
          ...own,
          `To: ${to}`,
          'Call-ID: raw-1',
          `CSeq: ${seq} ${method}`,
          `Contact: <sip:phone@127.0.0.1:${peer.port}${via4}>`,
          ...lines,
        ],
        body,
      );
    }

    it('sees header lines and body as they stood', async () => {
      await open('udp');
      const lines = [
        'X-A: 1',
        'c: text/plain',
        'X-B:   folded',
        '  here ',
        'X-A: 2,3',
        'P-Asserted-Identity: "Ä, Ö" <tel:+1>, <sip:x@y>',
      ];
      peer.send(request('MESSAGE', { lines, body: 'größe\r\n\r\n--b\r\n\r\n' }));
      const received = await station.messages.take();
      expect(received).to.include({ callId: 'raw-1', uri: 'sip:bot@botplatform.example' });
      expect(received.peer).to.deep.equal({ protocol: 'udp', address: '127.0.0.1', port: peer.port });
      expect(received.headers.lines.filter(([given]) => /^(x-|p-|c$)/i.test(given))).to.deep.equal([
        ['X-A', '1'],
        ['c', 'text/plain'],
        ['X-B', 'folded here'],
        ['X-A', '2,3'],
        ['P-Asserted-Identity', '"Ä, Ö" <tel:+1>, <sip:x@y>'],
      ]);
      expect(received.body.toString()).to.equal('größe\r\n\r\n--b\r\n\r\n');
      await received.answer({ status: 200 });
      expect(await peer.next()).to.match(/^SIP\/2\.0 200 OK\r\n/);
    });

    it('sees a repeated request once, and repeats its answer', async () => {
      await open('udp');
      peer.send(request('MESSAGE'));
      await (await station.messages.take()).answer({ status: 202 });
      const first = await peer.nextOf('SIP/2.0 202');
      peer.send(request('MESSAGE'));
      expect(await peer.nextOf('SIP/2.0 202')).to.equal(first);
      expect(station.messages.size).to.equal(0);
    });

    it('takes messages back to back and in pieces from one connection', async () => {
      await open('tcp');
      const texts = ['one', 'zwei ä', 'three'];
      const bytes = Buffer.from(
        texts
          .map((body, n) =>
            request('MESSAGE', {
              via: 'TCP',
              branch: `z9hG4bKt${n}`,
              seq: n + 1,
              lines: ['Content-Type: text/plain'],
              body,
            }),
          )
          .join(''),
      );
      const cut = bytes.indexOf('zwei') + 6;
      peer.send(bytes.subarray(0, cut));
      const first = await station.messages.take();
      peer.send(bytes.subarray(cut));
      const rest = [await station.messages.take(), await station.messages.take()];
      expect([first, ...rest].map(({ body }) => body.toString())).to.deep.equal(texts);
      await Promise.all([first, ...rest].map((received) => received.answer({ status: 200 })));
    });

    it('answers 415 to a body that is no UTF-8 [IWF-1615]', async () => {
      await open('udp');
      peer.send(
        Buffer.concat([
          Buffer.from(request('MESSAGE', { lines: ['Content-Type: text/plain'], body: 'xx' })).subarray(0, -2),
          Buffer.from([0xc3, 0x28]),
        ]),
      );
      expect(await peer.next()).to.match(/^SIP\/2\.0 415 /);
      expect(station.messages.size).to.equal(0);
    });

    it('answers 405 with Allow to a method that is none of ours', async () => {
      await open('udp');
      peer.send(request('SUBSCRIBE'));
      const refused = await peer.next();
      expect(refused).to.match(/^SIP\/2\.0 405 /);
      expect(headerOf(refused, 'Allow')).to.contain('INVITE');
    });

    it('makes up 408 where a peer says nothing', async () => {
      await open('udp', { callTimeoutMs: 150 });
      const uri = `sip:phone@127.0.0.1:${peer.port}`;
      expect(await station.agent.request({ method: 'MESSAGE', uri, headers: [FROM] })).to.include({ status: 408 });
    });

    it('gives up an INVITE that only rings, with 408 and CANCEL', async () => {
      await open('udp', { inviteTimeoutMs: 150 });
      const dialed = station.agent.invite(
        { method: 'INVITE', uri: `sip:phone@127.0.0.1:${peer.port}`, headers: [FROM] },
        new Ear(),
      );
      const invite = await peer.nextOf('INVITE');
      peer.send(respondTo(invite, '180 Ringing'));
      expect((await dialed).response.status).to.equal(408);
      const cancel = await peer.nextOf('CANCEL');
      peer.send(respondTo(cancel, '200 OK'));
      peer.send(respondTo(invite, '487 Request Terminated'));
      expect(await peer.nextOf('ACK')).to.contain('ACK');
    });

    it('takes a 2xx without a Contact that can be reached for a refusal: 502, and no ACK into nowhere', async () => {
      await open('udp');
      const ear = new Ear();
      const dialed = station.agent.invite(
        { method: 'INVITE', uri: `sip:phone@127.0.0.1:${peer.port}`, headers: [FROM] },
        ear,
      );
      peer.send(respondTo(await peer.nextOf('INVITE'), '200 OK', { lines: ['Contact: <tel:+491700000001>'] }));
      const { kind, response } = await dialed;
      expect(`${kind} ${response.status} ${response.reason}`).to.equal(
        'refused 502 The answer has no Contact that can be reached',
      );
      expect(ear.ends.size).to.equal(0);
    });

    it('acknowledges and ends a call that is answered after it was given up', async () => {
      await open('udp');
      const abort = new AbortController();
      const dialed = station.agent.invite(
        { method: 'INVITE', uri: `sip:phone@127.0.0.1:${peer.port}`, headers: [FROM] },
        new Ear(),
        abort.signal,
      );
      const invite = await peer.nextOf('INVITE');
      peer.send(respondTo(invite, '180 Ringing'));
      abort.abort();
      const cancel = await peer.nextOf('CANCEL');
      peer.send(respondTo(invite, '200 OK', { lines: [`Contact: <sip:phone@127.0.0.1:${peer.port}>`] }));
      peer.send(respondTo(cancel, '200 OK'));
      await peer.nextOf('ACK');
      peer.send(respondTo(await peer.nextOf('BYE'), '200 OK'));
      const { kind, response } = await dialed;
      expect(`${kind} ${response.status}`).to.equal('refused 487');
    });

    it('acknowledges and ends the second 2xx of a fork, and keeps the first', async () => {
      await open('udp');
      const ear = new Ear();
      const dialed = station.agent.invite(
        { method: 'INVITE', uri: `sip:phone@127.0.0.1:${peer.port}`, headers: [FROM] },
        ear,
      );
      const invite = await peer.nextOf('INVITE');
      const lines = [`Contact: <sip:phone@127.0.0.1:${peer.port}>`, 'Content-Type: application/sdp'];
      peer.send(respondTo(invite, '200 OK', { tag: 'first', lines, body: SDP }));
      const outcome = await dialed;
      expect(outcome.kind).to.equal('accepted');
      expect(headerOf(await peer.nextOf('ACK'), 'To')).to.contain('tag=first');
      peer.send(respondTo(invite, '200 OK', { tag: 'second', lines, body: SDP }));
      expect(headerOf(await peer.nextOf('ACK'), 'To')).to.contain('tag=second');
      const bye = await peer.nextOf('BYE');
      expect(headerOf(bye, 'To')).to.contain('tag=second');
      peer.send(respondTo(bye, '200 OK'));
      const gone = outcome.kind === 'accepted' ? outcome.call.bye() : undefined;
      const own = await peer.nextOf('BYE');
      expect(headerOf(own, 'To')).to.contain('tag=first');
      peer.send(respondTo(own, '200 OK'));
      await gone;
      expect(ear.ends.size).to.equal(0);
    });

    it('hears the answer in the ACK where it offered in the 2xx', async () => {
      await open('udp');
      const ear = new Ear();
      peer.send(request('INVITE'));
      await (
        await station.invites.take()
      ).accept({ status: 200, headers: [['Content-Type', 'application/sdp']], body: Buffer.from(SDP) }, ear);
      const ok = await peer.nextOf('SIP/2.0 200');
      expect(ok).to.contain(SDP);
      peer.send(
        request('ACK', {
          branch: 'z9hG4bKack',
          to: headerOf(ok, 'To') ?? '',
          lines: ['Content-Type: application/sdp'],
          body: 'v=0\r\ns=answer\r\n',
        }),
      );
      expect(await ear.acks.take()).to.equal('v=0\r\ns=answer\r\n');
      peer.send(request('BYE', { seq: 2, to: headerOf(ok, 'To') ?? '' }));
      expect(await peer.nextOf('SIP/2.0 200')).to.contain('BYE');
      expect(await ear.ends.take()).to.equal('bye');
      peer.send(request('INFO', { seq: 3, to: headerOf(ok, 'To') ?? '' }));
      expect(await peer.nextOf('SIP/2.0 481')).to.contain('INFO');
    });

    it('tells of a CANCEL', async () => {
      await open('udp');
      peer.send(request('INVITE', { branch: 'z9hG4bKsame' }));
      const invite = await station.invites.take();
      const cancelled = new Promise<void>((resolve) => (invite.onCancel = resolve));
      peer.send(request('CANCEL', { branch: 'z9hG4bKsame' }));
      await cancelled;
      expect(await peer.nextOf('SIP/2.0 487')).to.contain('INVITE');
    });

    it('calls over TCP, and sends what belongs to the call on its connection', async () => {
      await open('tcp listening');
      const uri = `sip:phone@127.0.0.1:${peer.port};transport=tcp`;
      const dialed = station.agent.invite({ method: 'INVITE', uri, headers: [FROM] }, new Ear());
      const invite = await peer.nextOf('INVITE');
      peer.send(
        respondTo(invite, '200 OK', { lines: [`Contact: <${uri}>`, 'Content-Type: application/sdp'], body: SDP }),
      );
      const outcome = await dialed;
      expect(await peer.nextOf('ACK')).to.contain(`ACK ${uri} SIP/2.0`);
      const gone = outcome.kind === 'accepted' ? outcome.call.bye() : undefined;
      peer.send(respondTo(await peer.nextOf('BYE'), '200 OK'));
      await gone;
    });
  });
}
