/** Peers that do not go on: they do not read, or trickle a frame. Over real sockets, with a clock that stands still. */
import { expect } from 'chai';
import type { Socket } from 'node:net';
import type { MsrpSession, SendOutcome } from '../../lib/msrp/api.js';
import { printFrame } from '../../lib/wire/msrp/frame.js';
import { House } from './house.js';
import { Listener, send } from './peer.js';

const cut = 'msrp_connections_cut_total';

describe('MSRP peers that do not go on [IWF-1725]', () => {
  let house: House;
  afterEach(() => house.close());

  /** A turn of the event loop, and no time. */
  const turn = (): Promise<void> => house.clock.advance(0);

  it('who sends and does not read the answers is cut', async () => {
    house = await House.open({ maxBufferedBytes: 16_384 });
    const { session, app } = house.session();
    const peer = await house.peer();
    peer.write(send({ to: session.localPath }));
    await peer.status();
    peer.socket.pause();
    // Each REPORT repeats its Message-ID: more than the kernel's buffers hold.
    for (let n = 0; n < 4000; n++)
      peer.write(send({ to: session.localPath, id: 'x'.repeat(4000), body: 'x', extra: [['Success-Report', 'yes']] }));
    for (let before = -1; before < app.messages.length;) {
      before = app.messages.length;
      for (let n = 0; n < 50; n++) await turn();
    }
    await house.clock.advance(60_000);
    expect(house.counts.get(`${cut} unread`)).to.equal(1);
    expect(house.endpoint.connectionCount).to.equal(0);
    peer.socket.resume();
    await peer.closed;
  });

  it('who does not read what is sent to him is cut; the message is lost, to be sent again', async () => {
    house = await House.open();
    const listener = await Listener.open();
    const { session } = house.session();
    const connection = listener.connection();
    await session.start({
      path: [`msrp://127.0.0.1:${listener.port}/p;tcp`],
      role: 'active',
      connect: { host: '127.0.0.1', port: listener.port },
    });
    const socket = await connection;
    socket.on('error', () => undefined);
    const content = Buffer.alloc(1_000_000);
    // Without an answer to wait for they leave as fast as the peer reads.
    const outcomes = Array.from({ length: 8 }, (_, n) =>
      session.send({ messageId: `m${n}aa`, contentType: 'text/plain', content, failureReport: 'no' }),
    );
    for (let n = 0; n < 200; n++) await turn();
    await house.clock.advance(60_000);
    expect(house.endpoint.connectionCount).to.equal(0);
    expect(session.state).to.equal('closed');
    expect((await Promise.all(outcomes)).at(-1)).to.deep.equal({ kind: 'lost' });
    socket.destroy();
    listener.close();
  });

  interface Stuck {
    readonly session: MsrpSession;
    readonly socket: Socket;
    readonly last: Promise<SendOutcome | undefined>;
  }

  /** More than the kernel holds, whose buffers have grown for one who reads (up to the largest of tcp_rmem and tcp_wmem). */
  const fill = (session: MsrpSession): Promise<SendOutcome | undefined> => {
    const content = Buffer.alloc(1_000_000);
    const outcomes = Array.from({ length: 48 }, (_, n) =>
      session.send({ messageId: `m${n}aa`, contentType: 'text/plain', content, failureReport: 'no' }),
    );
    return Promise.all(outcomes).then((all) => all.at(-1));
  };

  /** A session whose peer reads nothing. */
  const stuckOn = async (listener: Listener): Promise<Stuck> => {
    const { session } = house.session();
    const connection = listener.connection();
    const connect = { host: '127.0.0.1', port: listener.port };
    await session.start({ path: [`msrp://127.0.0.1:${listener.port}/p;tcp`], role: 'active', connect });
    const socket = await connection;
    socket.on('error', () => undefined);
    const last = fill(session);
    for (let n = 0; n < 150; n++) await turn();
    await house.clock.advance(1000);
    return { session, socket, last };
  };

  it('who takes most slowly is cut where all together leave too much; the others go on [msrp.maxTotalBufferedBytes]', async () => {
    const bounds = { maxBufferedBytes: 400_000, maxTotalBufferedBytes: 1_100_000 };
    house = await House.open({ ...bounds, maxQueuedBytes: 100_000_000, chunkBytes: 65_536 });
    const listener = await Listener.open();
    const stuck = (): Promise<Stuck> => stuckOn(listener);
    const all = [await stuck(), await stuck(), await stuck()] as const;
    const [first, second, third] = all;
    expect(await first.last).to.deep.equal({ kind: 'lost' });
    expect(all.map(({ session }) => session.state)).to.deep.equal(['closed', 'bound', 'bound']);
    expect(house.counts.get(`${cut} crowded`)).to.equal(1);
    // What is taken counts no more: there is room for another.
    second.socket.resume();
    expect(await second.last).to.deep.equal({ kind: 'accepted' });
    const fourth = await stuck();
    expect([third.session.state, fourth.session.state]).to.deep.equal(['bound', 'bound']);
    for (const { socket } of [...all, fourth]) socket.destroy();
    listener.close();
  });

  it('who does not read and is gone before his time is not cut', async () => {
    house = await House.open({ maxQueuedBytes: 100_000_000 });
    const listener = await Listener.open();
    const { session, socket } = await stuckOn(listener);
    socket.destroy();
    while (session.state === 'bound') await turn();
    await house.clock.advance(60_000);
    expect(house.counts.has(`${cut} unread`)).to.equal(false);
    listener.close();
  });

  it('who took all for a long time, and nothing of late, is not the slowest', async () => {
    const bounds = { maxBufferedBytes: 400_000, maxTotalBufferedBytes: 1_100_000 };
    house = await House.open({ ...bounds, maxQueuedBytes: 100_000_000, chunkBytes: 65_536 });
    const listener = await Listener.open();
    const quick = await stuckOn(listener);
    quick.socket.resume();
    expect(await quick.last).to.deep.equal({ kind: 'accepted' });
    for (let n = 0; n < 150; n++) await turn();
    const slow = await stuckOn(listener);
    quick.socket.pause();
    const last = fill(quick.session);
    for (let n = 0; n < 150; n++) await turn();
    await house.clock.advance(1000);
    const third = await stuckOn(listener);
    expect(await slow.last).to.deep.equal({ kind: 'lost' });
    expect([quick, third].map(({ session }) => session.state)).to.deep.equal(['bound', 'bound']);
    for (const { socket } of [quick, slow, third]) socket.destroy();
    await last;
    listener.close();
  });

  it('who once took what was sent, and then does not, is cut as well', async () => {
    house = await House.open({ maxQueuedBytes: 100_000_000 });
    const listener = await Listener.open();
    const { session } = house.session();
    const connection = listener.connection();
    const connect = { host: '127.0.0.1', port: listener.port };
    await session.start({ path: [`msrp://127.0.0.1:${listener.port}/p;tcp`], role: 'active', connect });
    const socket = await connection;
    socket.on('error', () => undefined);
    const content = Buffer.alloc(14_000_000);
    const sent = { contentType: 'text/plain', content, failureReport: 'no' as const };
    const first = session.send({ ...sent, messageId: 'm1aa' });
    for (let n = 0; n < 200; n++) await turn();
    // The kernel's buffers were full, and he takes all of it.
    socket.resume();
    expect(await first).to.deep.equal({ kind: 'accepted' });
    for (let n = 0; n < 200; n++) await turn();
    socket.pause();
    const second = session.send({ ...sent, messageId: 'm2aa' });
    for (let n = 0; n < 200; n++) await turn();
    await house.clock.advance(60_000);
    expect(await second).to.deep.equal({ kind: 'lost' });
    expect(house.counts.get(`${cut} unread`)).to.equal(1);
    socket.destroy();
    listener.close();
  });

  it('a peer for whom more is sent than may wait, and who takes it at once, gets all of it', async () => {
    house = await House.open({ maxBufferedBytes: 20_000 });
    const listener = await Listener.open();
    const { session } = house.session();
    const connect = { host: '127.0.0.1', port: listener.port };
    await session.start({ path: [`msrp://127.0.0.1:${listener.port}/p;tcp`], role: 'active', connect });
    const sent = { messageId: 'many-chunks', contentType: 'text/plain', content: Buffer.alloc(200_000) };
    expect(await session.send({ ...sent, failureReport: 'no' })).to.deep.equal({ kind: 'accepted' });
    (await listener.accept()).destroy();
    listener.close();
  });

  it('who trickles a chunk byte by byte is cut in time; nothing of it is answered, and others are unharmed', async () => {
    house = await House.open({ assemblyTimeoutMs: 120_000 });
    const slow = house.session();
    const good = house.session();
    const [trickler, other] = [await house.peer(), await house.peer()];
    trickler.write(send({ to: slow.session.localPath }));
    other.write(send({ to: good.session.localPath }));
    await Promise.all([trickler.status(), other.status()]);
    const bytes = printFrame(send({ to: slow.session.localPath, body: 'x'.repeat(2000) }));
    let sent = 0;
    for (let seconds = 0; house.endpoint.connectionCount === 2 && seconds < 200; seconds++) {
      trickler.socket.write(bytes.subarray(sent, ++sent));
      // Arrived, before the clock moves on.
      other.write(send({ to: good.session.localPath, body: 'y' }));
      expect(await other.status()).to.equal(200);
      await house.clock.advance(1000);
    }
    expect(sent).to.be.within(119, 122);
    await trickler.closed;
    expect(trickler.unread).to.equal(0);
    expect(slow.app.messages).to.deep.equal([]);
    expect(house.counts.get(`${cut} slow`)).to.equal(1);
    expect(good.app.messages).to.have.length(sent);
  });

  it('who sends a frame in pieces, each whole in its time, goes on for as long as he likes', async () => {
    house = await House.open({ assemblyTimeoutMs: 120_000 });
    const { session, app } = house.session();
    const peer = await house.peer();
    peer.write(send({ to: session.localPath }));
    await peer.status();
    const parts = Array.from({ length: 4 }, (_, n) => printFrame(send({ to: session.localPath, body: `${n}` })));
    // The end of one and the beginning of the next, together.
    peer.socket.write(parts[0]!.subarray(0, 20));
    for (const [n, frame] of parts.entries()) {
      await house.clock.advance(100_000);
      peer.socket.write(Buffer.concat([frame.subarray(20), parts[n + 1]?.subarray(0, 20) ?? Buffer.alloc(0)]));
      expect(await peer.status()).to.equal(200);
    }
    expect(app.messages).to.have.length(4);
    expect(house.counts.has(`${cut} slow`)).to.equal(false);
  });
});
