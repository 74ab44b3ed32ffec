import { expect } from 'chai';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Address } from '../../../lib/sip-engine/api.js';
import { MalformedMessage } from '../../../lib/sip-engine/message/malformed.js';
import type { Path } from '../../../lib/sip-engine/transport/path.js';
import { FramingError, TcpFramer } from '../../../lib/sip-engine/transport/tcp-framing.js';
import { systemClock, Timers } from '../../../lib/sip-engine/transaction/timers.js';
import { parseListen, Transport } from '../../../lib/sip-engine/transport/transport.js';
import { DEFAULT_TRANSPORT_LIMITS, type TransportDeps } from '../../../lib/sip-engine/transport/transport-user.js';
import { parseVia } from '../../../lib/sip-engine/message/via.js';
import { FakeClock } from '../../support/fake-clock.js';

const LIMITS = { maxMessageBytes: 2000, maxHeadBytes: 1000 };

function framed(framer: TcpFramer, bytes: string | Buffer): string[] {
  return framer.push(Buffer.from(bytes)).map((each) => (each.kind === 'ping' ? 'ping' : each.bytes.toString('latin1')));
}

const ONE = 'OPTIONS sip:a SIP/2.0\r\nl: 3\r\n\r\nabc';
const TWO = 'OPTIONS sip:b SIP/2.0\r\nContent-Length :\r\n 0\r\n\r\n';

describe('Messages out of a stream (RFC 3261 §18.3)', () => {
  const stream = `${ONE}\r\n\r\n${TWO}${ONE}`;

  it('come out the same whatever the split [IWF-1803]', () => {
    for (let size = 1; size <= stream.length; size++) {
      const framer = new TcpFramer(LIMITS);
      const out: string[] = [];
      for (let at = 0; at < stream.length; at += size) out.push(...framed(framer, stream.slice(at, at + size)));
      expect(out, `in pieces of ${size}`).to.deep.equal([ONE, 'ping', TWO, ONE]);
      expect(framer.waiting).to.be.false;
    }
  });

  it('stay what they were while later ones arrive', () => {
    const framer = new TcpFramer(LIMITS);
    framer.push(Buffer.from(ONE.slice(0, 30)));
    const [first] = framer.push(Buffer.from(ONE.slice(30) + TWO.slice(0, 20)));
    framer.push(Buffer.from(TWO.slice(20)));
    expect(first?.kind === 'message' && first.bytes.toString()).to.equal(ONE);
  });

  it('are told with the break that follows them in the same piece', () => {
    const broken = 'OPTIONS sip:a SIP/2.0\r\n\r\n';
    try {
      new TcpFramer(LIMITS).push(Buffer.from(`${ONE}${TWO}${broken}`));
      expect.fail('could be followed');
    } catch (error) {
      if (!(error instanceof FramingError)) throw error;
      expect(error.before.map((one) => one.kind === 'message' && String(one.bytes))).to.deep.equal([ONE, TWO]);
      expect(String(error.bytes)).to.equal(broken);
    }
  });

  for (const [what, text, status] of [
    ['a head without Content-Length', 'OPTIONS sip:a SIP/2.0\r\nX: 1\r\n\r\n', 400],
    ['two Content-Lengths', 'OPTIONS sip:a SIP/2.0\r\nl: 0\r\nContent-Length: 5\r\n\r\n', 400],
    ['a Content-Length that is none', 'OPTIONS sip:a SIP/2.0\r\nl: -1\r\n\r\n', 400],
    ['a head that never ends', `OPTIONS sip:a SIP/2.0\r\nX: ${'a'.repeat(1000)}`, 413],
    ['a message too large', 'OPTIONS sip:a SIP/2.0\r\nl: 2000\r\n\r\n', 413],
  ] as const) {
    it(`cannot be followed after ${what}: ${status}`, () => {
      expect(() => framed(new TcpFramer(LIMITS), text))
        .to.throw(MalformedMessage)
        .with.property('status', status);
    });
  }
});

interface Stage {
  readonly transport: Transport;
  readonly listening: readonly Address[];
  readonly heard: { text: string; path: Path }[];
  readonly counted: string[];
  /** Resolves with the next message heard. */
  next(): Promise<{ text: string; path: Path }>;
}

describe('Transports on sockets', () => {
  const closing: { close(): unknown }[] = [];

  afterEach(() => {
    for (const each of closing.splice(0)) each.close();
  });

  async function stage(listen: readonly string[], deps: Partial<TransportDeps> = {}): Promise<Stage> {
    const heard: { text: string; path: Path }[] = [];
    const counted: string[] = [];
    const waiting: ((message: { text: string; path: Path }) => void)[] = [];
    const timers = deps.timers ?? new Timers(systemClock);
    const transport = new Transport(listen.map(parseListen), {
      limits: DEFAULT_TRANSPORT_LIMITS,
      count: (name, labels) => void counted.push([name, ...Object.values(labels ?? {})].join(' ')),
      trusted: () => true,
      trustedNames: [],
      tls: undefined,
      trace: undefined,
      advertise: undefined,
      ...deps,
      timers,
    });
    closing.push(transport, timers);
    const onMessage = (bytes: Buffer, path: Path): void => {
      const message = { text: bytes.toString(), path };
      heard.push(message);
      waiting.shift()?.(message);
    };
    const listening = await transport.start({
      onMessage,
      onUnframed: (_bytes, error, path) => onMessage(Buffer.from(`${error.status}`), path),
    });
    return { transport, listening, heard, counted, next: () => new Promise((resolve) => waiting.push(resolve)) };
  }

  async function udpPeer(
    host = '127.0.0.1',
  ): Promise<{ socket: UdpSocket; address: Address; next(): Promise<string> }> {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    closing.push(socket);
    socket.bind(0, host);
    await once(socket, 'listening');
    const next = async (): Promise<string> => String((await once(socket, 'message'))[0]);
    return { socket, address: { protocol: 'udp', host, port: socket.address().port }, next };
  }

  async function tcpPeer(to: Address): Promise<Socket> {
    const socket = connect(to.port, to.host);
    closing.push({ close: () => socket.destroy() });
    await once(socket, 'connect');
    return socket;
  }

  async function tcpServer(): Promise<{ server: Server; address: Address; accepted: Promise<Socket> }> {
    const server = createServer();
    closing.push(server);
    server.listen(0, '127.0.0.1');
    const accepted = once(server, 'connection').then(([socket]) => socket as Socket);
    void accepted.then((socket) => closing.push({ close: () => socket.destroy() }));
    await once(server, 'listening');
    const address = server.address();
    return {
      server,
      accepted,
      address: { protocol: 'tcp', host: '127.0.0.1', port: (address as { port: number }).port },
    };
  }

  it('refuses a listening address that it cannot read', () => {
    for (const text of ['ws/127.0.0.1:5061', 'udp/localhost:5060', '127.0.0.1:5060', 'udp/127.0.0.1:99999']) {
      expect(() => parseListen(text), text).to.throw(text);
    }
  });

  it('says which address is taken, by UDP or TCP, and then listens nowhere', async () => {
    for (const protocol of ['udp', 'tcp'] as const) {
      const first = await stage([`${protocol}/127.0.0.1:0`]);
      const taken = `${protocol}/127.0.0.1:${first.listening[0]!.port}`;
      const failure: unknown = await stage(['udp/127.0.0.1:0', taken]).catch((error: unknown) => error);
      expect(failure).to.be.instanceOf(Error).with.property('code', 'EADDRINUSE');
      expect((failure as Error).message).to.contain(String(first.listening[0]!.port));
    }
  });

  for (const host of ['127.0.0.1', '::1']) {
    it(`sends and hears by UDP on ${host}, from its listening port`, async () => {
      const shown = host === '::1' ? '[::1]' : host;
      const on = await stage([`udp/${shown}:0`]);
      const peer = await udpPeer(host);
      const path = await on.transport.open(peer.address);
      expect(path.local).to.deep.equal(on.listening[0]);
      const heard = once(peer.socket, 'message');
      path.send(Buffer.from('request'));
      expect(((await heard)[1] as { port: number }).port).to.equal(on.listening[0]!.port);
      const next = on.next();
      peer.socket.send('response', on.listening[0]!.port, host);
      expect((await next).text).to.equal('response');
    });
  }

  it('learns at once that nobody listens there (§18.4)', async () => {
    const on = await stage(['udp/127.0.0.1:0']);
    const peer = await udpPeer();
    peer.socket.close();
    closing.splice(closing.indexOf(peer.socket), 1);
    const path = await on.transport.open(peer.address);
    const failed = new Promise<void>((resolve) => path.watch(resolve));
    path.send(Buffer.from('request'));
    await failed;
  });

  it('hears others while a peer has a socket of its own', async () => {
    const on = await stage(['udp/127.0.0.1:0']);
    const [one, other] = [await udpPeer(), await udpPeer()];
    await on.transport.open(one.address);
    for (const peer of [one, other]) {
      const next = on.next();
      peer.socket.send('hello', on.listening[0]!.port, '127.0.0.1');
      expect((await next).path.remote).to.deep.equal(peer.address);
    }
  });

  it('keeps at most so many sockets for peers; the others are served all the same [sip.maxUdpPeers]', async () => {
    const on = await stage(['udp/127.0.0.1:0'], { limits: { ...DEFAULT_TRANSPORT_LIMITS, maxUdpPeers: 1 } });
    const [one, other] = [await udpPeer(), await udpPeer()];
    const busy = await on.transport.open(one.address);
    busy.watch(() => undefined);
    const path = await on.transport.open(other.address);
    const heard = other.next();
    path.send(Buffer.from('hello'));
    expect(await heard).to.equal('hello');
  });

  it('answers by UDP where Via says, unless it has rport (§18.2.2, RFC 3581)', async () => {
    const on = await stage(['udp/127.0.0.1:0']);
    const [from, named] = [await udpPeer(), await udpPeer()];
    const next = on.next();
    from.socket.send('request', on.listening[0]!.port, '127.0.0.1');
    const { path } = await next;
    const via = (more: string): NonNullable<ReturnType<typeof parseVia>> =>
      parseVia(`SIP/2.0/UDP 127.0.0.1:${named.address.port};branch=z9hG4bKa${more}`)!;
    const [atNamed, atFrom] = [named.next(), from.next()];
    on.transport.reply(path, via('')).send(Buffer.from('to sent-by'));
    on.transport.reply(path, via(';rport')).send(Buffer.from('to rport'));
    expect(await Promise.all([atNamed, atFrom])).to.deep.equal(['to sent-by', 'to rport']);
  });

  it('drops datagrams of strangers, and closes their connections [IWF-1712]', async () => {
    const on = await stage(['udp/127.0.0.1:0', 'tcp/127.0.0.1:0'], { trusted: () => false });
    const peer = await udpPeer();
    peer.socket.send(ONE, on.listening[0]!.port, '127.0.0.1');
    const socket = await tcpPeer(on.listening[1]!);
    await once(socket, 'close');
    expect(on.counted).to.include('sip_untrusted_total tcp');
    // Both crossed one loopback: the datagram came first.
    expect(on.counted).to.include('sip_untrusted_total udp');
    expect(on.heard).to.deep.equal([]);
  });

  it('answers CRLF CRLF by CRLF, and answers on the connection of the request', async () => {
    const on = await stage(['tcp/127.0.0.1:0']);
    const socket = await tcpPeer(on.listening[0]!);
    const pong = once(socket, 'data');
    socket.write('\r\n\r\n');
    expect(String((await pong)[0])).to.equal('\r\n');
    const next = on.next();
    socket.write(ONE);
    const { path } = await next;
    const answer = once(socket, 'data');
    const reply = on.transport.reply(path, parseVia('SIP/2.0/TCP 127.0.0.1:1')!);
    reply.send(Buffer.from('one '));
    reply.send(Buffer.from('write'));
    expect(String((await answer)[0])).to.equal('one write');
  });

  it('answers on a new connection to sent-by where the old one is gone (§18.2.2)', async () => {
    const on = await stage(['tcp/127.0.0.1:0']);
    const { accepted, address } = await tcpServer();
    const socket = await tcpPeer(on.listening[0]!);
    const next = on.next();
    socket.write(ONE);
    const { path } = await next;
    const gone = new Promise<void>((resolve) => path.watch(resolve));
    socket.destroy();
    await gone;
    on.transport.reply(path, parseVia(`SIP/2.0/TCP 127.0.0.1:${address.port}`)!).send(Buffer.from('late'));
    expect(String((await once(await accepted, 'data'))[0])).to.equal('late');
  });

  it('shares a connection among requests to one peer, and tells all of them when it breaks', async () => {
    const on = await stage(['tcp/127.0.0.1:0']);
    const { accepted, address } = await tcpServer();
    const [one, other] = await Promise.all([on.transport.open(address), on.transport.open(address)]);
    expect(one).to.equal(other);
    expect(await on.transport.open(address)).to.equal(one);
    const failed = new Promise<void>((resolve) => one.watch(resolve));
    (await accepted).destroy();
    await failed;
    expect(on.listening[0]?.port).to.equal(one.local.port);
  });

  it('gives up a connection that was silent since a request left, for a new one (RFC 5626 §4.4)', async () => {
    const clock = new FakeClock();
    const on = await stage(['tcp/127.0.0.1:0'], { timers: new Timers(clock) });
    const { server, accepted, address } = await tcpServer();
    const path = await on.transport.open(address);
    const peer = await accepted;
    await clock.advance(1_000);
    const leftMs = clock.now();
    path.send(Buffer.from(ONE));
    const pong = once(peer, 'data');
    await pong;
    await clock.advance(1_000);
    const next = on.next();
    peer.write(ONE);
    await next;
    path.suspect(leftMs);
    expect(await on.transport.open(address), 'heard since').to.equal(path);
    const failed = new Promise<void>((resolve) => path.watch(resolve));
    path.suspect(clock.now());
    const again = once(server, 'connection');
    const other = await on.transport.open(address);
    expect(other).not.to.equal(path);
    closing.push({ close: () => socket.destroy() });
    const [socket] = (await again) as [Socket];
    await failed;
    expect(on.counted).to.deep.equal(['sip_tcp_closed_total silent']);
    expect(await on.transport.open(address), 'the end of the old one').to.equal(other);
  });

  const procTcp = '/proc/net/tcp';
  (existsSync(procTcp) ? it : it.skip)(
    'has the system look after silent connections, of both sides (as /proc/net/tcp tells)',
    async () => {
      const on = await stage(['tcp/127.0.0.1:0']);
      const { accepted, address } = await tcpServer();
      await on.transport.open(address);
      await accepted;
      const socket = await tcpPeer(on.listening[0]!);
      const next = on.next();
      socket.write(ONE);
      await next;
      const hex = (port: number): string => port.toString(16).toUpperCase().padStart(4, '0');
      /** Its timer: 02 is that of keep-alive. */
      const timer = (from: string, to: string): string | undefined =>
        new RegExp(`: \\w+:${from} \\w+:${to} 01 \\w+:\\w+ (\\d\\d)`).exec(readFileSync(procTcp, 'latin1'))?.[1];
      expect(timer('\\w+', hex(address.port)), 'made').to.equal('02');
      expect(timer(hex(on.listening[0]!.port), hex(socket.localPort!)), 'taken').to.equal('02');
    },
  );

  it('rejects where a connection is refused', async () => {
    const on = await stage(['udp/127.0.0.1:0']);
    const { server, address } = await tcpServer();
    server.close();
    expect(await on.transport.open(address).catch((error: unknown) => error)).to.be.instanceOf(Error);
  });

  describe('limits', () => {
    it('on connections, in all and of one source', async () => {
      for (const [limit, reason] of [
        [{ maxConnections: 1 }, 'connections'],
        [{ maxConnectionsPerSource: 1 }, 'connections_per_source'],
      ] as const) {
        const on = await stage(['tcp/127.0.0.1:0'], { limits: { ...DEFAULT_TRANSPORT_LIMITS, ...limit } });
        const first = await tcpPeer(on.listening[0]!);
        await once(await tcpPeer(on.listening[0]!), 'close');
        expect(on.counted).to.include(`sip_tcp_closed_total ${reason}`);
        const next = on.next();
        first.write(ONE);
        expect((await next).text).to.equal(ONE);
      }
    });

    it('on what a peer leaves unread [sip.maxBufferedBytes]', async () => {
      const on = await stage(['tcp/127.0.0.1:0'], {
        limits: { ...DEFAULT_TRANSPORT_LIMITS, maxBufferedBytes: 100_000 },
      });
      const socket = await tcpPeer(on.listening[0]!);
      const next = on.next();
      socket.write(ONE);
      const { path } = await next;
      path.send(Buffer.alloc(100_001));
      await once(socket, 'close');
      expect(on.counted).to.include('sip_tcp_closed_total unread');
    });

    it('on the time in which a peer takes nothing of what waits for it [IWF-1725]', async () => {
      const clock = new FakeClock();
      const limits = { ...DEFAULT_TRANSPORT_LIMITS, maxBufferedBytes: 1 << 30, messageMs: 5_000 };
      const on = await stage(['tcp/127.0.0.1:0'], { limits, timers: new Timers(clock) });
      const [deaf, good] = [await tcpPeer(on.listening[0]!), await tcpPeer(on.listening[0]!)];
      const next = on.next();
      deaf.write(ONE);
      const { path } = await next;
      // More than the buffers of two sockets; nobody reads at the other end.
      path.send(Buffer.alloc(32 << 20));
      const answered = on.next();
      good.write(ONE);
      (await answered).path.send(Buffer.from(ONE));
      expect(String((await once(good, 'data'))[0])).to.equal(ONE);
      const closed = once(deaf, 'close');
      deaf.on('error', () => undefined);
      await clock.advance(7_000);
      deaf.resume();
      await closed;
      expect(on.counted).to.deep.equal(['sip_tcp_closed_total slow']);
      expect(good.destroyed).to.equal(false);
    });

    for (const [what, text, reason, ms] of [
      ['idle connections', '', 'idle', 20_000],
      ['a trickled message', ONE.slice(0, 20), 'slow', 5_000],
    ] as const) {
      it(`on ${what}`, async () => {
        const clock = new FakeClock();
        const limits = { ...DEFAULT_TRANSPORT_LIMITS, idleMs: 20_000, messageMs: 5_000 };
        const on = await stage(['tcp/127.0.0.1:0'], { limits, timers: new Timers(clock) });
        const socket = await tcpPeer(on.listening[0]!);
        const next = on.next();
        socket.write(ONE + text);
        await next;
        const closed = once(socket, 'close');
        await clock.advance(ms + 1000);
        await closed;
        expect(on.counted).to.include(`sip_tcp_closed_total ${reason}`);
      });
    }

    it('on a connection that nobody answers on, whatever we write', async () => {
      const clock = new FakeClock();
      const limits = { ...DEFAULT_TRANSPORT_LIMITS, idleMs: 20_000 };
      const on = await stage(['tcp/127.0.0.1:0'], { limits, timers: new Timers(clock) });
      const { accepted, address } = await tcpServer();
      const path = await on.transport.open(address);
      const peer = await accepted;
      peer.resume();
      const closed = once(peer, 'close');
      for (let turn = 0; turn < 4; turn++) {
        path.send(Buffer.from(ONE));
        await clock.advance(5_000);
      }
      await clock.advance(1_000);
      await closed;
      expect(on.counted).to.deep.equal(['sip_tcp_closed_total idle']);
    });

    it('on what cannot be followed: told, then closed; others are unharmed', async () => {
      const on = await stage(['tcp/127.0.0.1:0']);
      const [bad, good] = [await tcpPeer(on.listening[0]!), await tcpPeer(on.listening[0]!)];
      const told = on.next();
      bad.write('garbage\r\n\r\n');
      bad.resume();
      expect((await told).text).to.equal('400');
      await once(bad, 'close');
      const next = on.next();
      good.write(ONE);
      expect((await next).text).to.equal(ONE);
    });
  });
});
