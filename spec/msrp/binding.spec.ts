import { expect } from 'chai';
import { isIP } from 'node:net';
import { PeerError } from '../../lib/errors.js';
import { House } from './house.js';
import { header, Listener, peerPath, respond, send } from './peer.js';

const nowhere = { host: '192.0.2.9', port: 9 };
const passive = { path: [peerPath], role: 'passive' as const, connect: nowhere };

describe('MSRP binding', () => {
  let house: House;
  let listener: Listener | undefined;

  afterEach(async () => {
    listener?.close();
    listener = undefined;
    await house.close();
  });

  async function listening(): Promise<Listener> {
    listener = await Listener.open();
    return listener;
  }

  describe('active', () => {
    it('connects, and sends an empty SEND at once, then what waits [IWF-1807]', async () => {
      house = await House.open();
      const { port } = await listening();
      const { session, app } = house.session();
      const outcome = session.send({ messageId: 'abcd', contentType: 'message/cpim', content: Buffer.from('hi') });
      await session.start({ path: [peerPath], role: 'active', connect: { host: '127.0.0.1', port } });
      expect([session.state, app.bound]).to.deep.equal(['bound', 1]);
      const peer = await listener!.accept();
      const binding = await peer.request();
      expect(binding).to.deep.include({
        method: 'SEND',
        toPath: peerPath,
        fromPath: session.localPath,
        body: undefined,
      });
      expect([header(binding, 'Byte-Range'), header(binding, 'Content-Type')]).to.deep.equal(['1-0/0', undefined]);
      const request = await peer.request();
      peer.write(respond(binding, 200), respond(request, 200));
      expect(await outcome).to.deep.equal({ kind: 'accepted' });
    });

    it('takes messages on the connection that it made, and hangs up when closed', async () => {
      house = await House.open();
      const { port } = await listening();
      const { session, app } = house.session();
      await session.start({ path: [peerPath], role: 'active', connect: { host: '127.0.0.1', port } });
      const peer = await listener!.accept();
      await peer.request();
      peer.write(send({ to: session.localPath, body: 'x' }));
      expect(await peer.status()).to.equal(200);
      expect(app.messages).to.have.length(1);
      session.close();
      await peer.closed;
    });

    it('closed with a message in hand: hangs up behind its answer', async () => {
      house = await House.open();
      const { port } = await listening();
      const { session, app } = house.session();
      let settle: () => void = () => undefined;
      app.verdict = () => new Promise((resolve) => (settle = () => resolve(undefined)));
      await session.start({ path: [peerPath], role: 'active', connect: { host: '127.0.0.1', port } });
      const peer = await listener!.accept();
      await peer.request();
      peer.write(send({ to: session.localPath, body: 'x' }));
      await app.until(() => app.messages.length === 1);
      session.close();
      await house.clock.advance(1000);
      expect(house.endpoint.connectionCount).to.equal(1);
      settle();
      expect(await peer.status()).to.equal(200);
      await peer.closed;
    });

    it('to nobody: start rejects, the session is closed', async () => {
      house = await House.open();
      const { port } = await listening();
      listener!.close();
      const { session, app } = house.session();
      const start = session.start({ path: [peerPath], role: 'active', connect: { host: '127.0.0.1', port } });
      const error = await start.catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(PeerError).and.include({ protocol: 'msrp', status: 408 });
      expect([session.state, app.closedReason]).to.deep.equal(['closed', 'connect-failed']);
    });

    it('without the 200 to its binding SEND: over after 30 s', async () => {
      house = await House.open();
      const { port } = await listening();
      const { session, app } = house.session();
      await session.start({ path: [peerPath], role: 'active', connect: { host: '127.0.0.1', port } });
      await house.clock.advance(30_000);
      expect(app.closedReason).to.equal('transaction-timeout');
    });

    it('closed while it connects: the connection is let go', async () => {
      house = await House.open();
      const { port } = await listening();
      const { session, app } = house.session();
      const start = session.start({ path: [peerPath], role: 'active', connect: { host: '127.0.0.1', port } });
      session.close();
      await start;
      await (
        await listener!.accept()
      ).closed;
      expect([session.state, app.bound, app.closedReason]).to.deep.equal(['closed', 0, undefined]);
    });

    describe('moved while it still connects', () => {
      const moved = 'msrp://192.0.2.10:9/moved;tcp';
      let elsewhere: Listener;

      beforeEach(async () => {
        elsewhere = await Listener.open();
      });
      afterEach(() => elsewhere.close());

      it('goes to where it is now: nothing is said in the old place', async () => {
        house = await House.open();
        const { port } = await listening();
        const { session, app } = house.session();
        const connect = { host: '127.0.0.1', port };
        const starts = [
          session.start({ path: [peerPath], role: 'active', connect }),
          session.start({ path: [moved], role: 'active', connect: { ...connect, port: elsewhere.port } }),
        ];
        await Promise.all(starts);
        const binding = await (await elsewhere.accept()).request();
        expect([binding.toPath, app.bound]).to.deep.equal([moved, 1]);
        const old = await listener!.accept();
        await old.closed;
        expect(old.reads).to.equal(0);
      });

      it('is not over where the old place fails: the new one decides', async () => {
        house = await House.open({ connectTimeoutMs: 1000 });
        const { port } = await listening();
        const { session, app } = house.session();
        const old = session.start({
          path: [peerPath],
          role: 'active',
          connect: { host: '127.0.0.1', port },
          secure: true,
        });
        const silent = await listener!.connection();
        await house.clock.advance(500);
        const connect = { host: '127.0.0.1', port: elsewhere.port };
        const now = session.start({ path: [moved], role: 'active', connect, secure: true });
        const failed = now.catch((reason: unknown) => reason);
        const also = await elsewhere.connection();
        await house.clock.advance(500);
        await old;
        expect([session.state, app.closedReason]).to.deep.equal(['connecting', undefined]);
        await house.clock.advance(500);
        expect(await failed).to.be.instanceOf(PeerError);
        expect(app.closedReason).to.equal('connect-failed');
        silent.destroy();
        also.destroy();
      });

      it('is not over where the old place fails after the new one is bound', async () => {
        house = await House.open({ connectTimeoutMs: 1000 });
        const { port } = await listening();
        const { session, app } = house.session();
        const old = session.start({
          path: [peerPath],
          role: 'active',
          connect: { host: '127.0.0.1', port },
          secure: true,
        });
        const silent = await listener!.connection();
        const connect = { host: '127.0.0.1', port: elsewhere.port };
        await session.start({ path: [moved], role: 'active', connect });
        await house.clock.advance(1000);
        await old;
        expect([session.state, app.closedReason]).to.deep.equal(['bound', undefined]);
        silent.destroy();
      });
    });

    it('to one who does not finish the handshake: over in time', async () => {
      house = await House.open({ connectTimeoutMs: 1000 });
      const { port } = await listening();
      const { session, app } = house.session();
      const connect = { host: '127.0.0.1', port };
      const start = session.start({ path: [peerPath], role: 'active', connect, secure: true });
      const failed = start.catch((reason: unknown) => reason);
      const silent = await listener!.connection();
      await house.clock.advance(1000);
      expect(await failed).to.be.instanceOf(PeerError);
      expect(app.closedReason).to.equal('connect-failed');
      silent.destroy();
    });

    for (const host of ['127.0.0.1', '::ffff:127.0.0.1', '0.0.0.0', 'localhost', '2130706433', '0x7f.1']) {
      it(`to ${host}, which is not to be reached: start rejects, and nobody is called`, async () => {
        const asked: string[] = [];
        house = await House.open({}, { reach: (address) => asked.push(address) < 0 });
        const { port } = await listening();
        let called = false;
        void listener!.connection().then(() => (called = true));
        const { session, app } = house.session();
        const start = session.start({ path: [peerPath], role: 'active', connect: { host, port } });
        expect(await start.catch((reason: unknown) => reason)).to.be.instanceOf(PeerError);
        expect([app.closedReason, called]).to.deep.equal(['connect-failed', false]);
        expect(asked).not.to.be.empty;
        expect(house.counts.get('msrp_connections_refused_total not-reachable')).to.be.above(0);
      });
    }

    it('to a name whose addresses may be reached', async () => {
      const asked: string[] = [];
      house = await House.open({}, { reach: (address) => asked.push(address) > 0 && isIP(address) !== 0 });
      const { port } = await listening();
      const { session } = house.session();
      await session.start({ path: [peerPath], role: 'active', connect: { host: 'localhost', port } });
      expect(session.state).to.equal('bound');
      expect(asked).to.include('127.0.0.1').and.not.to.include('localhost');
    });

    it('time and again: connections that are over count no more [msrp.maxConnections]', async () => {
      house = await House.open({ maxConnections: 2 });
      const { port } = await listening();
      for (let n = 0; n < 4; n++) {
        const { session } = house.session();
        await session.start({ path: [peerPath], role: 'active', connect: { host: '127.0.0.1', port } });
        const peer = await listener!.accept();
        session.close();
        await peer.closed;
        peer.destroy();
        while (house.endpoint.connectionCount > 0) await house.clock.advance(0);
      }
    });

    it('above the limit of connections: start rejects', async () => {
      house = await House.open({ maxConnections: 0 });
      const { session } = house.session();
      const start = session.start({ path: [peerPath], role: 'active', connect: { host: '127.0.0.1', port: 9 } });
      expect(await start.catch((reason: unknown) => reason)).to.include({ status: 408, fault: 'ours' });
    });

    it('its connection dies: over', async () => {
      house = await House.open();
      const { port } = await listening();
      const { session, app } = house.session();
      await session.start({ path: [peerPath], role: 'active', connect: { host: '127.0.0.1', port } });
      (await listener!.accept()).destroy();
      expect(await app.closed).to.equal('connection-lost');
    });
  });

  describe('passive', () => {
    it('nobody comes in time: over', async () => {
      house = await House.open({ bindTimeoutMs: 1000 });
      const { session, app } = house.session();
      await session.start(passive);
      expect(session.state).to.equal('awaiting');
      await house.clock.advance(1000);
      expect([session.state, app.closedReason]).to.deep.equal(['closed', 'not-bound']);
    });

    it('takes messages before start(), of the peer that the answer then names', async () => {
      house = await House.open();
      const { session, app } = house.session();
      const peer = await house.peer();
      peer.write(send({ to: session.localPath, body: 'early' }));
      expect(await peer.status()).to.equal(200);
      expect(app.messages).to.have.length(1);
      await session.start(passive);
      expect(session.state).to.equal('bound');
    });

    it('whose early connection died before start(): has its whole time to be bound', async () => {
      house = await House.open({ bindTimeoutMs: 1000 });
      const { session, app } = house.session();
      const early = await house.peer();
      early.write(send({ to: session.localPath }));
      await early.status();
      early.destroy();
      while (house.endpoint.connectionCount > 0) await house.clock.advance(0);
      await session.start(passive);
      expect(session.state).to.equal('awaiting');
      await house.clock.advance(1000);
      expect(app.closedReason).to.equal('not-bound');
    });

    it('drops a connection whose From-Path is not the one of the answer', async () => {
      house = await House.open();
      const { session } = house.session();
      const stranger = await house.peer();
      stranger.write(send({ to: session.localPath, from: 'msrp://192.0.2.66:9/stranger;tcp' }));
      expect(await stranger.status()).to.equal(200);
      await session.start(passive);
      expect(session.state).to.equal('awaiting');
      await stranger.closed;
      const peer = await house.peer();
      peer.write(send({ to: session.localPath }));
      expect(await peer.status()).to.equal(200);
    });

    it('answers a stranger 481 after start()', async () => {
      house = await House.open();
      const { session } = house.session();
      await session.start(passive);
      const stranger = await house.peer();
      stranger.write(send({ to: session.localPath, from: 'msrp://192.0.2.66:9/stranger;tcp' }));
      expect(await stranger.status()).to.equal(481);
      expect(house.counts.get('msrp_stray_total peer')).to.equal(1);
    });

    it('knows its peer by the session-id, whatever host an SBC wrote', async () => {
      house = await House.open();
      const { session } = house.session();
      await session.start({ ...passive, cema: true });
      const peer = await house.peer();
      const to = session.localPath.replace(/127\.0\.0\.1:\d+/, '198.51.100.7:40000');
      peer.write(send({ to, from: 'msrp://198.51.100.8:1/peer;tcp', body: 'x' }));
      expect(await peer.status()).to.equal(200);
    });

    it('is answered 506 on a second connection while the first lives', async () => {
      house = await House.open();
      const { session } = house.session();
      await session.start(passive);
      const [one, two] = [await house.peer(), await house.peer()];
      one.write(send({ to: session.localPath }));
      expect(await one.status()).to.equal(200);
      two.write(send({ to: session.localPath }));
      expect(await two.status()).to.equal(506);
    });

    it('is bound anew when the first connection is dead', async () => {
      house = await House.open();
      const { session, app } = house.session();
      await session.start(passive);
      const one = await house.peer();
      one.write(send({ to: session.localPath }));
      await one.status();
      one.destroy();
      const two = await house.peer();
      for (let status = 506; status !== 200;) {
        two.write(send({ to: session.localPath }));
        status = await two.status();
      }
      expect([session.state, app.closedReason, app.bound]).to.deep.equal(['bound', undefined, 2]);
    });

    it('is over when its connection died and nobody came again', async () => {
      house = await House.open({ rebindTimeoutMs: 1000 });
      const { session, app } = house.session();
      await session.start(passive);
      const one = await house.peer();
      one.write(send({ to: session.localPath }));
      await one.status();
      one.destroy();
      await one.closed;
      while (session.state === 'bound') await house.clock.advance(0);
      await house.clock.advance(1000);
      expect(app.closedReason).to.equal('connection-lost');
    });
  });

  it('start() again with the same path changes nothing, with another it moves', async () => {
    house = await House.open();
    const { session } = house.session();
    await session.start(passive);
    const peer = await house.peer();
    peer.write(send({ to: session.localPath }));
    await peer.status();
    await session.start(passive);
    expect(session.state).to.equal('bound');
    const moved = 'msrp://192.0.2.10:9/moved;tcp';
    await session.start({ ...passive, path: [moved] });
    expect(session.state).to.equal('awaiting');
    await peer.closed;
    const again = await house.peer();
    again.write(send({ to: session.localPath, from: moved }));
    expect(await again.status()).to.equal(200);
  });

  it('start() with another path, while nobody has come: its time begins anew', async () => {
    house = await House.open({ bindTimeoutMs: 1000 });
    const { session, app } = house.session();
    await session.start(passive);
    await house.clock.advance(600);
    await session.start({ ...passive, path: ['msrp://192.0.2.10:9/moved;tcp'] });
    await house.clock.advance(600);
    expect([session.state, app.closedReason]).to.deep.equal(['awaiting', undefined]);
    await house.clock.advance(400);
    expect(app.closedReason).to.equal('not-bound');
  });

  it('close() twice: counted once, told to nobody, and nothing runs any more', async () => {
    house = await House.open();
    const { session, app } = house.session();
    await session.start(passive);
    session.close();
    session.close();
    expect(house.counts.get('msrp_sessions_closed_total closed-here')).to.equal(1);
    expect([app.closedReason, house.clock.pending]).to.deep.equal([undefined, 0]);
  });

  it('start() of a closed session rejects', async () => {
    house = await House.open();
    const { session } = house.session();
    session.close();
    expect(await session.start(passive).catch((reason: unknown) => reason)).to.be.instanceOf(PeerError);
  });
});
