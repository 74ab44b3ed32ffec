import { expect } from 'chai';
import { PeerError } from '../../lib/errors.js';
import { House } from './house.js';
import { peerPath, respond, send } from './peer.js';

const passive = { path: [peerPath], role: 'passive' as const, connect: { host: '192.0.2.9', port: 9 } };

describe('MSRP transport', () => {
  let house: House;
  afterEach(() => house.close());

  it('says whether and where it listens', async () => {
    house = new House();
    expect(house.endpoint.listening).to.be.false;
    await house.endpoint.start();
    expect(house.endpoint.listening).to.be.true;
    expect(house.endpoint.port).to.be.above(0);
    const taken = new House({ port: house.endpoint.port });
    expect(await taken.endpoint.start().catch((e: unknown) => e)).to.include({ code: 'EADDRINUSE' });
  });

  it('carries several sessions on one connection', async () => {
    house = await House.open();
    const peer = await house.peer();
    const sessions = [house.session(), house.session(), house.session()];
    for (const { session } of sessions) await session.start(passive);
    peer.write(...sessions.map(({ session }, n) => send({ to: session.localPath, body: `to ${n}` })));
    for (let n = 0; n < 3; n++) expect(await peer.status()).to.equal(200);
    expect(sessions.map(({ app }) => app.messages[0]?.content.toString())).to.deep.equal(['to 0', 'to 1', 'to 2']);
    sessions[0]!.session.close();
    peer.write(send({ to: sessions[0]!.session.localPath }), send({ to: sessions[1]!.session.localPath }));
    expect([await peer.status(), await peer.status()]).to.deep.equal([481, 200]);
  });

  it('keeps apart what sessions on one connection say by turns', async () => {
    house = await House.open();
    const peer = await house.peer();
    const sessions = [house.session(), house.session()];
    for (const { session } of sessions) await session.start(passive);
    for (const round of ['one', 'two', 'three']) {
      peer.write(...sessions.map(({ session }, n) => send({ to: session.localPath, body: `${round} to ${n}` })));
      for (let n = 0; n < 2; n++) expect(await peer.status()).to.equal(200);
    }
    const heard = sessions.map(({ app }) => app.messages.map(({ content }) => content.toString()));
    expect(heard).to.deep.equal([
      ['one to 0', 'two to 0', 'three to 0'],
      ['one to 1', 'two to 1', 'three to 1'],
    ]);
  });

  it('goes on for the last session of a connection when the others have ended', async () => {
    house = await House.open({ unboundTimeoutMs: 1000 });
    const peer = await house.peer();
    const [ended, last] = [house.session(), house.session()];
    for (const { session } of [ended, last]) await session.start(passive);
    peer.write(send({ to: ended.session.localPath }), send({ to: last.session.localPath }));
    expect([await peer.status(), await peer.status()]).to.deep.equal([200, 200]);
    ended.session.close();
    await house.clock.advance(1000);
    peer.write(send({ to: last.session.localPath, body: 'still here' }));
    expect(await peer.status()).to.equal(200);
  });

  it('closes a connection whose last session has ended, and to which none comes in time', async () => {
    house = await House.open({ unboundTimeoutMs: 1000 });
    const peer = await house.peer();
    const { session } = house.session();
    await session.start(passive);
    peer.write(send({ to: session.localPath }));
    await peer.status();
    session.close();
    await house.clock.advance(999);
    expect(house.endpoint.connectionCount).to.equal(1);
    await house.clock.advance(1);
    await peer.closed;
  });

  it('has forgotten a connection that its peer has closed', async () => {
    house = await House.open();
    const [idle, halfway] = [await house.peer(), await house.peer()];
    halfway.write('MSRP abcdefgh SEND\r\nTo-Path: ');
    while (house.endpoint.connectionCount < 2) await house.clock.advance(0);
    idle.destroy();
    halfway.destroy();
    while (house.endpoint.connectionCount > 0) await house.clock.advance(0);
    expect(house.clock.pending).to.equal(0);
  });

  it('counts a response that is for no session of its connection', async () => {
    house = await House.open();
    const { session } = house.session();
    const peer = await house.peer();
    const stray = { ...send({ to: peerPath }), fromPath: session.localPath };
    peer.write(respond(stray, 200), send({ to: session.localPath }));
    expect(await peer.status()).to.equal(200);
    expect(house.counts.get('msrp_stray_total response')).to.equal(1);
  });

  it('answers an unknown session 481, but where no answer is wanted', async () => {
    house = await House.open();
    const peer = await house.peer();
    const to = `msrp://127.0.0.1:${house.endpoint.port}/unknown;tcp`;
    const report = { ...send({ to, extra: [['Status', '000 200 OK']] }), method: 'REPORT' };
    peer.write(report, send({ to, body: 'x', extra: [['Failure-Report', 'no']] }), send({ to, body: 'x' }));
    expect(await peer.status()).to.equal(481);
    expect(peer.unread).to.equal(0);
    expect(house.counts.get('msrp_refused_total 481')).to.equal(3);
  });

  it('answers everything that one turn brought in one write', async () => {
    house = await House.open();
    const { session } = house.session();
    const peer = await house.peer();
    peer.write(send({ to: session.localPath }));
    await peer.status();
    const { reads } = peer;
    peer.write(...Array.from({ length: 20 }, () => send({ to: session.localPath, body: 'x' })));
    for (let n = 0; n < 20; n++) await peer.status();
    expect(peer.reads).to.equal(reads + 1);
  });

  it('closes a connection with garbage on it, counted, and harms no other [IWF-1610]', async () => {
    house = await House.open();
    const { session } = house.session();
    const [good, bad] = [await house.peer(), await house.peer()];
    good.write(send({ to: session.localPath }));
    expect(await good.status()).to.equal(200);
    bad.write('GET / HTTP/1.1\r\n\r\n');
    await bad.closed;
    expect(house.counts.get('msrp_garbage_total')).to.equal(1);
    good.write(send({ to: session.localPath, body: 'x' }));
    expect(await good.status()).to.equal(200);
  });

  it('answers what came before the garbage', async () => {
    house = await House.open();
    const { session } = house.session();
    const peer = await house.peer();
    peer.write(send({ to: session.localPath }), 'GARBAGE');
    expect(await peer.status()).to.equal(200);
    await peer.closed;
  });

  it('closes a connection on which no session appears in time', async () => {
    house = await House.open({ unboundTimeoutMs: 1000 });
    const { session } = house.session();
    const [idle, used] = [await house.peer(), await house.peer()];
    used.write(send({ to: session.localPath }));
    await used.status();
    idle.write(send({ to: `${session.localPath}x` }));
    await idle.next();
    await house.clock.advance(1000);
    await idle.closed;
    used.write(send({ to: session.localPath }));
    expect(await used.status()).to.equal(200);
  });

  it('admits whom it is told to', async () => {
    house = await House.open({}, { admit: (address) => address !== '127.0.0.1' });
    const peer = await house.peer();
    await peer.closed;
    expect(house.counts.get('msrp_connections_refused_total not-admitted')).to.equal(1);
  });

  it('takes so many connections, and so many of one source [IWF-1713]', async () => {
    for (const [limit, reason] of [
      [{ maxConnections: 2 }, 'limit'],
      [{ maxConnectionsPerSource: 2 }, 'source-limit'],
    ] as const) {
      house = await House.open(limit);
      const { session } = house.session();
      const [one, two] = [await house.peer(), await house.peer()];
      const three = await house.peer();
      await three.closed;
      expect(house.counts.get(`msrp_connections_refused_total ${reason}`)).to.equal(1);
      two.write(send({ to: session.localPath }));
      expect(await two.status()).to.equal(200);
      one.destroy();
      while (house.endpoint.connectionCount === 2) await house.clock.advance(0);
      const four = await house.peer();
      four.write(send({ to: `${session.localPath}x` }));
      expect((await four.next()).kind).to.equal('response');
      await (
        await house.peer()
      ).closed;
      expect(house.counts.get(`msrp_connections_refused_total ${reason}`)).to.equal(2);
      await house.close();
    }
  });

  it('has so many sessions [IWF-1713]', async () => {
    house = await House.open({ maxSessions: 2 });
    const { session } = house.session();
    house.session();
    expect(() => house.session())
      .to.throw(PeerError)
      .with.property('status', 503);
    session.close();
    house.session();
    expect(house.endpoint.sessionCount).to.equal(2);
  });

  it('does not read from a peer that does not read its answers', async () => {
    house = await House.open({ maxBufferedBytes: 16_384 });
    const { session, app } = house.session();
    const peer = await house.peer();
    peer.write(send({ to: session.localPath }));
    await peer.status();
    peer.socket.pause();
    // More than the kernel's buffers hold: each REPORT repeats its Message-ID.
    const total = 4000;
    const id = 'x'.repeat(4000);
    for (let n = 0; n < total; n++)
      peer.write(send({ to: session.localPath, id, body: 'x', extra: [['Success-Report', 'yes']] }));
    for (let n = 0; n < 200; n++) await house.clock.advance(0);
    const before = app.messages.length;
    for (let n = 0; n < 50; n++) await house.clock.advance(0);
    expect(app.messages.length, 'it stands still').to.equal(before).and.to.be.below(total);
    peer.socket.resume();
    for (let n = 0; n < 2 * total; n++) await peer.next();
    expect(app.messages).to.have.length(total);
  });

  it('cuts off a peer that does not read what is left for it', async () => {
    house = await House.open({ maxBufferedBytes: 16_384, lingerTimeoutMs: 1000 });
    const { session } = house.session();
    const peer = await house.peer();
    peer.socket.pause();
    for (let n = 0; n < 4000; n++)
      peer.write(send({ to: session.localPath, id: 'x'.repeat(4000), body: 'x', extra: [['Success-Report', 'yes']] }));
    for (let n = 0; n < 100; n++) await house.clock.advance(0);
    const closing = house.endpoint.close();
    await house.clock.advance(999);
    expect(house.endpoint.connectionCount).to.equal(1);
    await house.clock.advance(1);
    await closing;
    expect(house.endpoint.connectionCount).to.equal(0);
  });

  it('closes everything, once', async () => {
    house = await House.open();
    const { session } = house.session();
    const peer = await house.peer();
    peer.write(send({ to: session.localPath }));
    await peer.status();
    await Promise.all([house.endpoint.close(), house.endpoint.close()]);
    await peer.closed;
    expect(session.state).to.equal('closed');
    expect(house.endpoint.listening).to.be.false;
    expect(() => house.session()).to.throw(PeerError);
  });
});
