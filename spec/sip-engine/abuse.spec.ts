/** What strangers, forgers and idlers get out of the engine: nothing, or no more than they put in. */
import { expect } from 'chai';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { Address, Engine } from '../../lib/sip-engine/api.js';
import { createEngine, type EngineOptions } from '../../lib/sip-engine/engine.js';
import { FakeClock } from '../support/fake-clock.js';
import { requestText } from './transaction/scripted-transport.js';
import { send, stage } from './stage.js';
import { until } from '../support/ask-again.js';

const OK = { status: 200, headers: [] };
const NOWHERE = { onAck: () => undefined, onCancel: () => undefined, onBye: () => undefined };

describe('Abuse', () => {
  const closing: (() => unknown)[] = [];

  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  async function listen(options: Partial<EngineOptions> = {}): Promise<{ engine: Engine; udp: Address; tcp: Address }> {
    const engine = createEngine({ listen: ['udp/127.0.0.1:0', 'tcp/127.0.0.1:0'], ...options });
    await engine.start({ ...NOWHERE, onRequest: (transaction) => void transaction.respond(OK) });
    closing.push(() => engine.close());
    const [udp, tcp] = engine.listening;
    if (!udp || !tcp) throw new Error('it does not listen');
    return { engine, udp, tcp };
  }

  async function udpPeer(host: string): Promise<{ socket: UdpSocket; got: string[] }> {
    const socket = createSocket('udp4');
    const got: string[] = [];
    socket.on('message', (bytes) => void got.push(bytes.toString()));
    socket.bind(0, host);
    await once(socket, 'listening');
    closing.push(() => socket.close());
    return { socket, got };
  }

  /** Statuses of the answers to OPTIONS on a connection of its own. */
  async function isServed(address: Address): Promise<boolean> {
    const socket = connect(address.port, address.host);
    closing.push(() => socket.destroy());
    socket.write(requestText({ method: 'MESSAGE' }));
    return String((await once(socket, 'data'))[0]).startsWith('SIP/2.0 200');
  }

  describe('by UDP', () => {
    it('a source that is not trusted gets not one datagram, whatever it sends', async () => {
      const { udp } = await listen({ trusted: (host) => host === '127.0.0.1' });
      const stranger = await udpPeer('127.0.0.2');
      const known = await udpPeer('127.0.0.1');
      const invite = requestText({ method: 'INVITE' });
      const sent = [
        ...['INVITE', 'OPTIONS', 'MESSAGE', 'BYE', 'CANCEL', 'REGISTER', 'NONSENSE'].map((method) =>
          requestText({ method }),
        ),
        ...[invite, invite, invite.replace('CSeq: 1', 'CSeq: x'), 'INVITE sip:a SIP/9.0\r\n\r\n', '\r\n\r\n', 'x'],
        'SIP/2.0 200 OK\r\n\r\n',
      ];
      for (const text of sent) stranger.socket.send(text, udp.port, udp.host);
      known.socket.send(requestText({ method: 'MESSAGE' }), udp.port, udp.host);
      await until(() => known.got.length === 1);
      expect(stranger.got).to.deep.equal([]);
    });

    it('nobody else is answered in the name of the sender: neither Via, maddr nor received say where to', async () => {
      const { udp } = await listen();
      const [sender, victim] = [await udpPeer('127.0.0.1'), await udpPeer('127.0.0.3')];
      const { port } = victim.socket.address();
      const named = `127.0.0.3:${port};branch=z9hG4bK`;
      for (const [at, via] of [
        `${named}a;rport`,
        `${named}b;rport;received=127.0.0.3`,
        `${named}c;rport;maddr=127.0.0.3`,
      ].entries()) {
        const text = requestText({ method: 'MESSAGE' }).replace(/192\.0\.2\.9:5060;branch=\S+/, via);
        sender.socket.send(text, udp.port, udp.host);
        await until(() => sender.got.length === at + 1);
      }
      // Without rport the port is that of Via, the host is the sender's all the same.
      const plain = requestText({ method: 'MESSAGE' }).replace(/192\.0\.2\.9:5060;branch=\S+/, `${named}d`);
      sender.socket.send(plain, udp.port, udp.host);
      sender.socket.send(requestText({ method: 'MESSAGE' }), udp.port, udp.host);
      await until(() => sender.got.length === 4);
      expect(victim.got).to.deep.equal([]);
    });

    it('a request gets one datagram, its repetition one more; nothing comes of itself', async () => {
      const on = await stage();
      const text = requestText({ method: 'MESSAGE' });
      on.net.receive(text);
      on.requests[0]?.respond(OK);
      on.net.receive(text);
      await on.clock.advance(60_000);
      expect(on.net.takeShort()).to.deep.equal(['200 MESSAGE', '200 MESSAGE']);
    });

    it('a forged INVITE gets eleven datagrams at most where it is refused, then no more', async () => {
      const on = await stage();
      on.net.receive(requestText({ method: 'INVITE' }));
      on.requests[0]?.respond({ status: 486, headers: [] });
      await on.clock.advance(300_000);
      const answers = on.net.takeShort();
      expect(new Set(answers)).to.deep.equal(new Set(['486 INVITE']));
      expect(answers).to.have.length(11);
    });

    it('a forged INVITE that is taken gets its 2xx eleven times and one BYE, repeated no more than any request', async () => {
      const on = await stage();
      on.net.receive(requestText({ method: 'INVITE' }));
      on.requests[0]?.respond(OK);
      await on.clock.advance(300_000);
      const left = on.net.takeShort();
      expect(left.filter((what) => what === '200 INVITE')).to.have.length(11);
      expect(left.filter((what) => what === 'BYE')).to.have.length(11);
      expect(left).to.have.length(22);
    });

    it('an answer that nobody asked for gets nothing, and makes nothing', async () => {
      const on = await stage();
      on.net.receive(requestText({ method: 'MESSAGE' }).replace(/^MESSAGE.*$/m, 'SIP/2.0 200 OK\r'));
      await on.clock.advance(60_000);
      expect(on.net.takeShort()).to.deep.equal([]);
    });
  });

  describe('by TCP', () => {
    it('hundreds who begin a message and do not go on are held, harm nobody, and are cut off by the time for it', async () => {
      const clock = new FakeClock();
      const counted: string[] = [];
      const limits = { maxConnectionsPerSource: 300, messageMs: 10_000 };
      const count = (_name: string, labels?: Readonly<Record<string, string>>): void => {
        counted.push(labels?.['reason'] ?? '');
      };
      const { tcp } = await listen({ clock, limits, count });
      const idlers = await Promise.all(Array.from({ length: 299 }, () => begin(tcp)));
      expect(await isServed(tcp)).to.equal(true);
      const cut = Promise.all(idlers.map((socket) => once(socket, 'close')));
      // A byte now and then buys no time.
      await clock.advance(9_000);
      for (const socket of idlers) socket.write('a');
      await clock.advance(2_000);
      await cut;
      expect(counted.filter((reason) => reason === 'slow')).to.have.length(299);
      expect(await isServed(tcp)).to.equal(true);
    });

    async function begin(address: Address): Promise<Socket> {
      const socket = connect(address.port, address.host);
      socket.on('error', () => undefined).resume();
      closing.push(() => socket.destroy());
      await once(socket, 'connect');
      socket.write('INVITE sip:bot@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/TCP ');
      return socket;
    }

    it('a peer that takes our request and never answers costs it 408, and the next peer nothing', async () => {
      const { engine, tcp } = await listen({ timers: { t1Ms: 2 } });
      const silent = createServer((socket) => socket.on('error', () => undefined).pause());
      silent.listen(0, '127.0.0.1');
      await once(silent, 'listening');
      closing.push(() => silent.close());
      const ask = (port: number): Promise<number | undefined> =>
        new Promise((resolve) => {
          const draft = { method: 'MESSAGE', uri: `sip:a@127.0.0.1:${port};transport=tcp`, headers: [] };
          void engine.send(draft, { onResponse: ({ status }) => resolve(status) });
        });
      expect(await ask((silent.address() as AddressInfo).port)).to.equal(408);
      const other = await listen();
      expect(await ask(other.tcp.port)).to.equal(200);
      expect(await isServed(tcp)).to.equal(true);
    });

    it('requests of ours to one who does not answer are bounded', async () => {
      const on = await stage({ limits: { maxTransactions: 2 } });
      const asked = [await send(on, { method: 'MESSAGE' }), await send(on, { method: 'MESSAGE' })];
      const third = await send(on, { method: 'MESSAGE' });
      await on.clock.advance(0);
      expect([...asked, third].map(({ statuses }) => statuses)).to.deep.equal([[], [], [503]]);
    });
  });
});
