import { expect } from 'chai';
import type { MsrpSession, OutboundMessage, SendOutcome } from '../../lib/msrp/api.js';
import type { MsrpDeps, MsrpOptions } from '../../lib/msrp/options.js';
import type { Request } from '../../lib/wire/msrp/frame.js';
import { House, type Application } from './house.js';
import { header, peerPath, respond, send, type Peer } from './peer.js';

const remote = { path: [peerPath], role: 'passive' as const, connect: { host: '192.0.2.9', port: 9 } };

function message(
  messageId: string,
  content: string | Buffer = 'hello',
  some: Partial<OutboundMessage> = {},
): OutboundMessage {
  return { messageId, contentType: 'message/cpim', content: Buffer.from(content), ...some };
}

describe('MSRP session, outbound', () => {
  let house: House;
  let session: MsrpSession;
  let app: Application;
  let peer: Peer;
  let to: string;

  async function bound(options: Partial<MsrpOptions> = {}, deps: Partial<MsrpDeps> = {}): Promise<void> {
    house = await House.open(options, deps);
    ({ session, app } = house.session());
    to = session.localPath;
    peer = await house.peer();
    await session.start(remote);
    peer.write(send({ to }));
    expect(await peer.status()).to.equal(200);
  }

  afterEach(() => house.close());

  it('sends a message in one chunk, accepted with its 200', async () => {
    await bound();
    const outcome = session.send(message('abcd'));
    const request = await peer.request();
    expect(request).to.deep.include({ method: 'SEND', toPath: peerPath, fromPath: to, flag: '$' });
    expect(request.transactionId).to.match(/^[0-9a-f]{16}[0-9a-z]+$/);
    expect(request.body?.toString()).to.equal('hello');
    expect(request.headers).to.deep.equal([
      ['Message-ID', 'abcd'],
      ['Byte-Range', '1-5/5'],
      ['Content-Type', 'message/cpim'],
    ]);
    peer.write(respond(request, 200));
    expect(await outcome).to.deep.equal({ kind: 'accepted' });
    expect(house.clock.pending, 'but for the timer of the transaction').to.be.at.most(1);
  });

  it('sends the report flags that differ from their defaults', async () => {
    await bound();
    void session.send(message('abcd', 'x', { failureReport: 'partial' }));
    const request = await peer.request();
    expect(header(request, 'Failure-Report')).to.equal('partial');
  });

  it('cuts a long message into chunks of 2048 octets, accepted when each is answered [IWF-1809]', async () => {
    await bound();
    const content = Buffer.from(Array.from({ length: 5000 }, (_, n) => n % 256));
    const outcome = session.send(message('long', content));
    const chunks = [await peer.request(), await peer.request(), await peer.request()];
    expect(chunks.map((chunk) => [header(chunk, 'Byte-Range'), chunk.flag])).to.deep.equal([
      ['1-2048/5000', '+'],
      ['2049-4096/5000', '+'],
      ['4097-5000/5000', '$'],
    ]);
    expect(Buffer.concat(chunks.map(({ body }) => body!)).equals(content)).to.be.true;
    peer.write(...[2, 0, 1].map((n) => respond(chunks[n]!, 200)));
    expect(await outcome).to.deep.equal({ kind: 'accepted' });
  });

  it('lets a short message pass a long one [IWF-1809]', async () => {
    await bound({ maxUnansweredChunks: 4 });
    void session.send(message('long', 'x'.repeat(100_000)));
    const first = [await peer.request(), await peer.request(), await peer.request(), await peer.request()];
    const short = session.send(message('short'));
    peer.write(respond(first[0]!, 200), respond(first[1]!, 200));
    const next = [await peer.request(), await peer.request()];
    expect(next.map((chunk) => header(chunk, 'Message-ID'))).to.include('short');
    for (const chunk of next) peer.write(respond(chunk, 200));
    expect(await short).to.deep.equal({ kind: 'accepted' });
  });

  it('keeps the window of unanswered chunks [msrp.maxUnansweredChunks]', async () => {
    await bound({ maxUnansweredChunks: 3 });
    void session.send(message('long', 'x'.repeat(100_000)));
    const chunks = [await peer.request(), await peer.request(), await peer.request()];
    await house.clock.advance(1);
    expect(peer.unread).to.equal(0);
    peer.write(respond(chunks[0]!, 200));
    expect(header(await peer.request(), 'Byte-Range')).to.match(/^6145-/);
  });

  it('refused: what the peer says, and the rest is not sent', async () => {
    await bound({ maxUnansweredChunks: 1 });
    const outcome = session.send(message('long', 'x'.repeat(5000)));
    const second = session.send(message('next'));
    peer.write(respond(await peer.request(), 413, 'Too large'));
    expect(await outcome).to.deep.equal({ kind: 'refused', status: 413, comment: 'Too large' });
    const request = await peer.request();
    expect(header(request, 'Message-ID')).to.equal('next');
    peer.write(respond(request, 415));
    expect(await second).to.deep.include({ kind: 'refused', status: 415 });
    expect(session.state).to.equal('bound');
  });

  it('counted by what became of them, each message once', async () => {
    await bound();
    const outcomes = ['m-one', 'm-two', 'long'].map((id) =>
      session.send(message(id, 'x'.repeat(id === 'long' ? 5000 : 1))),
    );
    peer.write(respond(await peer.request(), 200), respond(await peer.request(), 413));
    for (let n = 0; n < 3; n++) peer.write(respond(await peer.request(), 200));
    await Promise.all(outcomes);
    const lost = session.send(message('m-three'));
    await peer.request();
    peer.destroy();
    expect(await lost).to.deep.equal({ kind: 'lost' });
    const counted = [...house.counts].filter(([name]) => name.startsWith('msrp_messages_total'));
    expect(counted).to.deep.equal([
      ['msrp_messages_total outbound 200', 2],
      ['msrp_messages_total outbound 413', 1],
      ['msrp_messages_total outbound lost', 1],
    ]);
  });

  it('refused by a failure REPORT', async () => {
    await bound();
    const outcome = session.send(message('abcd'));
    await peer.request();
    peer.write({ ...send({ to, id: 'abcd', extra: [['Status', '000 403 No']] }), method: 'REPORT' });
    expect(await outcome).to.deep.equal({ kind: 'refused', status: 403, comment: 'No' });
  });

  it('not refused by a REPORT in codes of another namespace than MSRP’s', async () => {
    await bound();
    const outcome = session.send(message('abcd'));
    const sent = await peer.request();
    peer.write(
      { ...send({ to, id: 'abcd', extra: [['Status', '001 403 No']] }), method: 'REPORT' },
      respond(sent, 200),
    );
    expect(await outcome).to.deep.equal({ kind: 'accepted' });
    expect(house.counts.get('msrp_stray_total report')).to.equal(1);
  });

  describe('reported as failed behind its 200', () => {
    const report = (id: string): Request => ({
      ...send({ to, id, extra: [['Status', '000 408 Not beyond me']] }),
      method: 'REPORT',
    });
    const told: string[] = [];
    /** Accepted, each by its 200. */
    const accepted = async (...ids: readonly string[]): Promise<void> => {
      for (const id of ids) {
        const outcome = session.send(message(id, 'x', { onLateFailure: ({ status }) => told.push(`${id} ${status}`) }));
        peer.write(respond(await peer.request(), 200));
        expect(await outcome).to.deep.equal({ kind: 'accepted' });
      }
    };
    /** Whatever the peer has written was read. */
    const read = async (): Promise<void> => {
      peer.write(send({ to }));
      expect(await peer.status()).to.equal(200);
    };
    beforeEach(() => void told.splice(0));

    it('is told once', async () => {
      await bound();
      await accepted('m-one', 'm-two');
      peer.write(report('m-two'), report('m-two'), report('m-none'));
      await read();
      expect(told).to.deep.equal(['m-two 408']);
    });

    it('is told of the last hundred of a session', async () => {
      await bound();
      await accepted(...Array.from({ length: 101 }, (_, n) => `last-${n}`));
      peer.write(report('last-0'), report('last-1'), report('last-100'));
      await read();
      expect(told).to.deep.equal(['last-1 408', 'last-100 408']);
    });

    it('is not told of one that was refused', async () => {
      await bound();
      const outcome = session.send(message('m-one', 'x', { onLateFailure: () => told.push('refused') }));
      peer.write(respond(await peer.request(), 413));
      await outcome;
      peer.write(report('m-one'));
      await read();
      expect(told).to.deep.equal([]);
    });
  });

  it('moved by start() with another path: goes again from its first octet, within the window and its time', async () => {
    await bound({ maxUnansweredChunks: 2 });
    const moved = 'msrp://192.0.2.10:9/moved;tcp';
    const outcome = session.send(message('long', 'x'.repeat(7000)));
    peer.write(respond(await peer.request(), 200));
    for (let n = 0; n < 2; n++) await peer.request();
    await session.start({ ...remote, path: [moved] });
    await peer.closed;
    const there = await house.peer();
    there.write(send({ to, from: moved }));
    const frames = [await there.next(), await there.next(), await there.next()];
    const chunks = frames.filter((frame) => frame.kind === 'request');
    expect(chunks.map((chunk) => [chunk.toPath, header(chunk, 'Byte-Range')])).to.deep.equal([
      [moved, '1-2048/7000'],
      [moved, '2049-4096/7000'],
    ]);
    expect(there.unread).to.equal(0);
    await house.clock.advance(29_999);
    expect(session.state).to.equal('bound');
    await house.clock.advance(1);
    expect(app.closedReason).to.equal('transaction-timeout');
    expect(await outcome).to.deep.equal({ kind: 'lost' });
  });

  it('moved by start() with another path: the answers of its former end are awaited no more', async () => {
    await bound();
    const moved = 'msrp://192.0.2.10:9/moved;tcp';
    const outcome = session.send(message('m-one'));
    await peer.request();
    await session.start({ ...remote, path: [moved] });
    const there = await house.peer();
    there.write(send({ to, from: moved }));
    const frames = [await there.next(), await there.next()];
    there.write(...frames.filter((frame) => frame.kind === 'request').map((frame) => respond(frame, 200)));
    expect(await outcome).to.deep.equal({ kind: 'accepted' });
    await house.clock.advance(30_000);
    expect([session.state, app.closedReason]).to.deep.equal(['bound', undefined]);
  });

  for (const status of [481, 506]) {
    it(`${status}: the session is over, all is lost`, async () => {
      await bound();
      const outcomes = [session.send(message('m-one')), session.send(message('m-two'))];
      peer.write(respond(await peer.request(), status, 'Gone'));
      expect(await Promise.all(outcomes)).to.deep.equal([{ kind: 'lost' }, { kind: 'lost' }]);
      expect(app.closedReason).to.equal('unknown-to-peer');
      expect(await session.send(message('late'))).to.deep.equal({ kind: 'lost' });
    });
  }

  it('no answer in 30 s: the session is over, all is lost', async () => {
    await bound();
    const first = session.send(message('m-one'));
    await peer.request();
    await house.clock.advance(20_000);
    const second = session.send(message('m-two'));
    peer.write(respond(await peer.request(), 200));
    await second;
    await house.clock.advance(9_999);
    expect(session.state).to.equal('bound');
    await house.clock.advance(1);
    expect(await first).to.deep.equal({ kind: 'lost' });
    expect(app.closedReason).to.equal('transaction-timeout');
    await peer.closed;
  });

  it('an answer in time moves the deadline to the next one', async () => {
    await bound();
    const first = session.send(message('m-one'));
    const request = await peer.request();
    await house.clock.advance(29_000);
    peer.write(respond(request, 200));
    await first;
    const second = session.send(message('m-two'));
    await peer.request();
    await house.clock.advance(29_999);
    expect(session.state).to.equal('bound');
    await house.clock.advance(1);
    expect(await second).to.deep.equal({ kind: 'lost' });
  });

  it('Failure-Report no: accepted once written', async () => {
    await bound();
    expect(await session.send(message('abcd', 'x', { failureReport: 'no' }))).to.deep.equal({ kind: 'accepted' });
    expect(header(await peer.request(), 'Failure-Report')).to.equal('no');
  });

  it('Failure-Report partial: accepted when no error came in time, refused by an error', async () => {
    await bound();
    const outcomes: SendOutcome[] = [];
    for (const id of ['m-one', 'm-two'])
      void session.send(message(id, 'x', { failureReport: 'partial' })).then((o) => outcomes.push(o));
    await peer.request();
    peer.write(respond(await peer.request(), 403, 'No'));
    await house.clock.advance(30_000);
    expect(outcomes).to.deep.equal([{ kind: 'refused', status: 403, comment: 'No' }, { kind: 'accepted' }]);
    expect(session.state).to.equal('bound');
  });

  it('a dead connection: all is lost', async () => {
    await bound();
    const outcome = session.send(message('abcd'));
    await peer.request();
    peer.destroy();
    expect(await outcome).to.deep.equal({ kind: 'lost' });
  });

  it('closing: all is lost', async () => {
    await bound();
    const outcome = session.send(message('abcd'));
    session.close();
    expect(await outcome).to.deep.equal({ kind: 'lost' });
  });

  it('traces its SEND, and the answer to it', async () => {
    const texts: string[] = [];
    await bound({}, { trace: (event) => texts.push(`${event.direction} ${event.text()}`) });
    const outcome = session.send(message('abcd'));
    const request = await peer.request();
    peer.write(respond(request, 200));
    await outcome;
    const { transactionId } = request;
    const lines = texts.map((text) => text.split('\r\n')[0]).filter((line) => line?.includes(transactionId));
    expect(lines).to.deep.equal([`out MSRP ${transactionId} SEND`, `in MSRP ${transactionId} 200 OK`]);
  });

  it('waits for the binding', async () => {
    house = await House.open();
    ({ session, app } = house.session());
    await session.start(remote);
    const outcome = session.send(message('abcd'));
    peer = await house.peer();
    peer.write(send({ to: session.localPath }));
    const frames = [await peer.next(), await peer.next()];
    const request = frames.find((frame): frame is Request => frame.kind === 'request');
    peer.write(respond(request!, 200));
    expect(await outcome).to.deep.equal({ kind: 'accepted' });
  });

  it('takes no malformed message', async () => {
    await bound();
    for (const evil of [message('x'), message('abcd\r\nX: y'), message('abcd', 'x', { contentType: 'a/b\r\nX: y' })]) {
      const error = await session.send(evil).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(TypeError);
    }
  });

  it('limits: messages and octets that wait are answered 408 [msrp.maxQueuedMessages] [msrp.maxQueuedBytes]', async () => {
    await bound({ maxUnansweredChunks: 1, maxQueuedMessages: 3, maxQueuedBytes: 10_000 });
    void session.send(message('m-zero'));
    void session.send(message('m-one'));
    expect(await session.send(message('m-big', 'x'.repeat(9995)))).to.deep.include({ kind: 'refused', status: 408 });
    expect([...house.counts]).to.deep.equal([['limit_reached_total msrp.maxQueuedBytes', 1]]);
    void session.send(message('m-two'));
    expect(await session.send(message('m-three'))).to.deep.include({ kind: 'refused', status: 408 });
    expect(house.counts.get('limit_reached_total msrp.maxQueuedMessages')).to.equal(1);
  });

  it('a peer that does not read: sending stops, nothing piles up, and goes on [msrp.maxBufferedBytes]', async () => {
    let sent = 0;
    await bound(
      { maxBufferedBytes: 65_536, maxUnansweredChunks: 100_000, maxQueuedBytes: 100_000_000 },
      { trace: ({ direction }) => (sent += direction === 'out' ? 1 : 0) },
    );
    peer.socket.pause();
    const content = Buffer.alloc(14_000_000, 'x');
    const outcome = session.send(message('huge', content));
    for (let n = 0; n < 100; n++) await house.clock.advance(0);
    const before = sent;
    for (let n = 0; n < 30; n++) await house.clock.advance(0);
    expect(sent, 'it stands still')
      .to.equal(before)
      .and.to.be.below(content.length / 2048);
    peer.socket.resume();
    for (let octets = 0; octets < content.length;) {
      const request = await peer.request();
      octets += request.body?.length ?? 0;
      peer.write(respond(request, 200));
    }
    expect(await outcome).to.deep.equal({ kind: 'accepted' });
  });
});
