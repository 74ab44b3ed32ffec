/** A connection within the process behaves as one of the system does, but for its time. */
import { expect } from 'chai';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { localConnection } from '../../../lib/sip-engine/drachtio/local-connection.js';

describe('a connection within the process', () => {
  let one: Socket;
  let other: Socket;

  beforeEach(() => {
    [one, other] = localConnection();
  });
  afterEach(() => {
    one.destroy();
    other.destroy();
  });

  function heardBy(socket: Socket): { text: string } {
    const heard = { text: '' };
    socket.on('data', (chunk: Buffer) => (heard.text += chunk.toString()));
    return heard;
  }

  it('has two sockets for its ends', () => {
    expect(one).to.be.instanceOf(Socket);
    expect(one.setNoDelay(true).setKeepAlive(true)).to.equal(one);
    expect(one.remoteAddress).to.equal(undefined);
  });

  it('carries octets and texts both ways in their order, within the turn and not within the call', async () => {
    const [there, back] = [heardBy(other), heardBy(one)];
    other.on('data', () => other.write('!'));
    for (const piece of ['a', Buffer.from('b'), 'ü']) one.write(piece);
    expect(there.text).to.equal('');
    let turns = 0;
    setImmediate(() => turns++);
    while (there.text !== 'abü' || !back.text.includes('!')) await new Promise((resolve) => process.nextTick(resolve));
    expect(turns).to.equal(0);
  });

  it('carries what was corked in one piece', async () => {
    const pieces: string[] = [];
    other.on('data', (chunk: Buffer) => pieces.push(chunk.toString()));
    one.cork();
    for (const piece of ['a', Buffer.from('b'), 'c']) one.write(piece);
    one.uncork();
    await once(other, 'data');
    expect(pieces).to.deep.equal(['abc']);
  });

  it('holds back who writes to one that does not read, and loses nothing of it', async () => {
    other.pause();
    const pieces = Array.from({ length: 200 }, (_, at) => String(at % 10).repeat(1000));
    for (const piece of pieces) one.write(piece);
    await new Promise((resolve) => setImmediate(resolve));
    expect(one.writableLength).to.be.above(100_000);
    const heard = heardBy(other);
    other.resume();
    await once(one, 'drain');
    one.end();
    await once(other, 'end');
    expect(heard.text).to.equal(pieces.join(''));
  });

  it('ends when one end has ended: the other reads what was written, and closes', async () => {
    const heard = heardBy(other);
    one.write('last');
    one.destroySoon();
    await Promise.all([once(one, 'close'), once(other, 'close')]);
    expect(heard.text).to.equal('last');
    expect([one.destroyed, other.destroyed]).to.deep.equal([true, true]);
  });

  it('closes the other end when one is destroyed, also while it is written to', async () => {
    heardBy(other);
    other.write('never read');
    one.destroy();
    await Promise.all([once(one, 'close'), once(other, 'close')]);
    expect(other.destroyed).to.equal(true);
  });

  it('tells who writes after the other end is gone', async () => {
    one.on('error', () => undefined);
    one.write('kept waiting');
    other.destroy();
    const failed = once(one, 'error').then(([error]: unknown[]) => String(error));
    one.write('too late');
    expect(await failed).to.include('gone');
  });
});
