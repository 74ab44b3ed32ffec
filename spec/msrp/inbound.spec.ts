import { expect } from 'chai';
import { inspect } from 'node:util';
import type { MsrpSession } from '../../lib/msrp/api.js';
import { printFrame } from '../../lib/wire/msrp/frame.js';
import { House, type Application } from './house.js';
import { header, peerPath, respond, send, type Peer } from './peer.js';

const remote = { path: [peerPath], role: 'passive' as const, connect: { host: '192.0.2.9', port: 9 } };

describe('MSRP session, inbound', () => {
  let house: House;
  let session: MsrpSession;
  let app: Application;
  let peer: Peer;
  let to: string;

  async function open(options = {}): Promise<void> {
    house = await House.open(options);
    ({ session, app } = house.session());
    to = session.localPath;
    peer = await house.peer();
  }

  /** The peer has bound by an empty SEND. */
  async function bound(options = {}): Promise<void> {
    await open(options);
    await session.start(remote);
    peer.write(send({ to }));
    expect(await peer.status()).to.equal(200);
  }

  afterEach(() => house.close());

  it('offers a path with its own id of 128 bits', async () => {
    await open();
    expect(session.localPath).to.equal(`msrp://127.0.0.1:${house.endpoint.port}/${session.id};tcp`);
    expect(session.id).to.match(/^[0-9a-f]{32}$/);
    expect(session.state).to.equal('idle');
  });

  it('is bound by an empty SEND, which is answered 200 along its path [IWF-1807]', async () => {
    await bound();
    expect(app.bound).to.equal(1);
    expect(session.state).to.equal('bound');
    expect(app.messages).to.deep.equal([]);
  });

  it('gives a message to the application, and answers when that has settled [IWF-1808]', async () => {
    await bound();
    let settle: () => void = () => undefined;
    app.verdict = () => new Promise((resolve) => (settle = () => resolve(undefined)));
    const request = send({ to, body: 'hello', id: 'abcd' });
    peer.write(request, send({ to, body: 'x', type: 'text/html' }));
    expect(await peer.status(), 'the second, meanwhile').to.equal(415);
    expect(app.messages).to.deep.equal([
      { messageId: 'abcd', contentType: 'message/cpim', content: Buffer.from('hello') },
    ]);
    settle();
    expect(await peer.response()).to.deep.equal({
      kind: 'response',
      transactionId: request.transactionId,
      status: 200,
      comment: 'OK',
      toPath: peerPath,
      fromPath: to,
      headers: [],
      flag: '$',
    });
  });

  it('sends the 200 and the success REPORT in one write', async () => {
    await bound();
    const { reads } = peer;
    peer.write(send({ to, body: 'hello', id: 'abcd', extra: [['Success-Report', 'yes']] }));
    expect(await peer.status()).to.equal(200);
    const report = await peer.request();
    expect(peer.reads).to.equal(reads + 1);
    expect(report).to.deep.include({ method: 'REPORT', toPath: peerPath, fromPath: to, flag: '$' });
    expect(report.headers).to.deep.equal([
      ['Message-ID', 'abcd'],
      ['Byte-Range', '1-5/5'],
      ['Status', '000 200 OK'],
    ]);
  });

  it('answers along the relays: the response to the nearest, the REPORT the whole way [IWF-1312]', async () => {
    await open();
    const from = `msrp://relay.example.net:9000/r;tcp ${peerPath}`;
    peer.write(send({ to, from, body: 'x', extra: [['Success-Report', 'yes']] }));
    expect((await peer.response()).toPath).to.equal('msrp://relay.example.net:9000/r;tcp');
    expect((await peer.request()).toPath).to.equal(from);
  });

  const verdicts: readonly [name: string, verdict: Application['verdict'], status: number][] = [
    ['undefined', () => Promise.resolve(undefined), 200],
    ['200', () => Promise.resolve({ status: 200, comment: 'OK' }), 200],
    ['403', () => Promise.resolve({ status: 403, comment: 'No' }), 403],
    ['a status with odd words', () => Promise.resolve({ status: 403, comment: 'No\r\nX: y' }), 403],
    ['a rejection', () => Promise.reject(new Error('disk')), 408],
  ];
  it('takes what the application throws at once for a rejection', async () => {
    await bound();
    app.verdict = () => {
      throw new Error('bug');
    };
    peer.write(send({ to, body: 'x' }));
    expect(await peer.status()).to.equal(408);
  });

  for (const [name, verdict, status] of verdicts) {
    for (const failure of ['yes', 'partial', 'no']) {
      const answered = failure === 'yes' || (failure === 'partial' && status !== 200);
      it(`${name} with Failure-Report ${failure}: ${answered ? status : 'no response'}${status === 200 ? ', a REPORT' : ''}`, async () => {
        await bound();
        app.verdict = verdict;
        peer.write(
          send({
            to,
            body: 'x',
            extra: [
              ['Success-Report', 'yes'],
              ['Failure-Report', failure],
            ],
          }),
        );
        if (answered) expect(await peer.status()).to.equal(status);
        if (status === 200) expect((await peer.request()).method).to.equal('REPORT');
        peer.write(send({ to }));
        expect(await peer.status(), 'nothing between').to.equal(200);
      });
    }
  }

  it('answers each chunk at once, the last with the application [IWF-1808]', async () => {
    await bound();
    peer.write(send({ to, id: 'long', body: 'abcd', range: '1-*/8', flag: '+' }));
    expect(await peer.status()).to.equal(200);
    expect(app.messages).to.have.length(0);
    peer.write(send({ to, id: 'long', body: 'EFGH', range: '5-8/8', extra: [['Success-Report', 'yes']] }));
    expect(await peer.status()).to.equal(200);
    expect(header(await peer.request(), 'Byte-Range')).to.equal('1-8/8');
    expect(app.messages[0]?.content.toString()).to.equal('abcdEFGH');
  });

  it('answers a chunk that gives its message up', async () => {
    await bound();
    peer.write(send({ to, id: 'long', body: 'abcd', range: '1-*/8', flag: '+' }));
    peer.write(send({ to, id: 'long', body: 'x', range: '5-*/8', flag: '#' }));
    expect([await peer.status(), await peer.status()]).to.deep.equal([200, 200]);
    expect(app.messages).to.deep.equal([]);
  });

  it('one without octets of its own gives it up as well, and makes room for others', async () => {
    await bound({ maxAssemblies: 1 });
    peer.write(send({ to, id: 'long', body: 'abcd', range: '1-*/8', flag: '+' }));
    peer.write(send({ to, id: 'long', body: '', range: '1-*/8', flag: '#' }));
    peer.write(send({ to, id: 'next', body: 'abcd', range: '1-*/8', flag: '+' }));
    expect([await peer.status(), await peer.status(), await peer.status()]).to.deep.equal([200, 200, 200]);
  });

  const refusals: readonly [name: string, parts: Parameters<typeof send>[0], status: number][] = [
    ['a type that is not accepted', { to: '', body: 'x', type: 'text/html' }, 415],
    ['a malformed Byte-Range', { to: '', body: 'x', range: 'all' }, 400],
    ['an empty Message-ID', { to: '', body: 'x', id: '' }, 400],
    ['a message above the limit', { to: '', body: 'x'.repeat(5001) }, 413],
    ['a declared total above the limit', { to: '', body: 'x', range: '1-1/5001', flag: '+' }, 413],
  ];
  for (const [name, parts, status] of refusals) {
    it(`${name}: ${status}, counted, and the session goes on`, async () => {
      await bound({ maxMessageBytes: 5000 });
      peer.write(send({ ...parts, to }));
      expect(await peer.status()).to.equal(status);
      expect(house.counts.get(`msrp_refused_total ${status}`)).to.equal(1);
      peer.write(send({ to, body: 'next' }));
      expect(await peer.status()).to.equal(200);
      expect(app.messages.map(({ content }) => content.toString())).to.deep.equal(['next']);
    });
  }

  it('takes a message without Byte-Range as the whole', async () => {
    await bound();
    const whole = send({ to, body: 'all of it' });
    peer.write({ ...whole, headers: whole.headers.filter(([name]) => name !== 'Byte-Range') });
    expect(await peer.status()).to.equal(200);
    expect(app.messages[0]?.content.toString()).to.equal('all of it');
  });

  it('takes a chunk without a type, where another chunk of its message has said it', async () => {
    await bound();
    const last = send({ to, id: 'long', body: 'efgh', range: '5-8/8' });
    const untyped = { ...last, headers: last.headers.filter(([name]) => name !== 'Content-Type') };
    peer.write(send({ to, id: 'long', body: 'abcd', range: '1-4/8', flag: '+' }), untyped);
    expect([await peer.status(), await peer.status()]).to.deep.equal([200, 200]);
    expect(app.messages[0]).to.deep.include({ contentType: 'message/cpim', content: Buffer.from('abcdefgh') });
  });

  it('takes types without regard to case and parameters', async () => {
    await bound();
    peer.write(send({ to, body: 'x', type: 'Message/CPIM; charset=utf-8' }));
    expect(await peer.status()).to.equal(200);
  });

  it('answers a method it does not know 501, and a REPORT never', async () => {
    await bound();
    const nickname = { ...send({ to }), method: 'NICKNAME' };
    const report = { ...send({ to, id: 'abcd', extra: [['Status', '000 200 OK']] }), method: 'REPORT' };
    const broken = { ...send({ to, id: 'abcd', extra: [['Status', 'fine']] }), method: 'REPORT' };
    peer.write(report, broken, nickname);
    expect(await peer.status()).to.equal(501);
    expect(house.counts.get('msrp_stray_total report')).to.equal(1);
  });

  it('ignores a response to nothing', async () => {
    await bound();
    peer.write(respond({ ...send({ to: peerPath }), fromPath: to }, 200), send({ to }));
    expect(await peer.status()).to.equal(200);
  });

  it('hands messages over in the order of their completion', async () => {
    await bound();
    app.verdict = ({ messageId }) =>
      messageId === 'm-one' ? new Promise(() => undefined) : Promise.resolve(undefined);
    const two = send({ to, id: 'm-two', body: '2' });
    peer.write(send({ to, id: 'm-one', body: '1' }), two, send({ to, id: 'm-three', body: '3' }));
    expect((await peer.response()).transactionId).to.equal(two.transactionId);
    expect(app.messages.map(({ messageId }) => messageId)).to.deep.equal(['m-one', 'm-two', 'm-three']);
  });

  it('leaves with its sender what comes while too many messages are in hand [msrp.maxMessagesInHand]', async () => {
    await bound({ maxMessagesInHand: 1 });
    app.verdict = () => new Promise(() => undefined);
    // More than the kernel's buffers hold.
    const total = 40;
    for (let n = 0; n < total; n++) peer.write(send({ to, body: 'x'.repeat(1_000_000) }));
    const waiting = (): number => peer.socket.writableLength;
    for (let before = -1; before !== waiting();) {
      before = waiting();
      for (let n = 0; n < 100; n++) await house.clock.advance(0);
    }
    expect(waiting()).to.be.above(1_000_000);
    expect(app.messages).to.have.length(1);
    peer.destroy();
  });

  it('stops reading with so many messages in hand, and goes on [msrp.maxMessagesInHand]', async () => {
    await bound({ maxMessagesInHand: 2 });
    const settle: (() => void)[] = [];
    app.verdict = () => new Promise((resolve) => settle.push(() => resolve(undefined)));
    peer.write(...['1', '2', '3', '4', '5'].map((body) => send({ to, body })));
    await app.until(() => app.messages.length === 2);
    await house.clock.advance(1);
    expect(app.messages).to.have.length(2);
    for (let n = 0; n < 5; n++) {
      await app.until(() => settle.length > 0);
      settle.shift()?.();
      expect(await peer.status()).to.equal(200);
    }
    expect(app.messages.map(({ content }) => content.toString())).to.deep.equal(['1', '2', '3', '4', '5']);
  });

  describe('frames in pieces [msrp.maxAssemblyBytes]', () => {
    const reached = 'limit_reached_total msrp.maxAssemblyBytes';
    const frameTo = (path: string): Buffer => printFrame(send({ to: path, body: 'x'.repeat(8000) }));
    /** Turns of the event loop: what was written is read. */
    const turns = async (): Promise<void> => {
      for (let n = 0; n < 20; n++) await house.clock.advance(0);
    };

    it('have room again, once those before are whole or gone', async () => {
      await bound({ maxAssemblyBytes: 10_000 });
      for (let n = 0; n < 5; n++) {
        const bytes = frameTo(to);
        for (const at of [0, 2000, 4000]) {
          peer.socket.write(bytes.subarray(at, at + 2000));
          await turns();
        }
        peer.socket.write(bytes.subarray(6000));
        expect(await peer.status()).to.equal(200);
      }
      const lost = await house.peer();
      lost.socket.write(frameTo(to).subarray(0, 7000));
      await turns();
      lost.destroy();
      while (house.endpoint.connectionCount > 1) await turns();
      peer.socket.write(frameTo(to).subarray(0, 7000));
      await turns();
      expect(house.counts.has(reached)).to.equal(false);
    });

    it('are let go and asked for again where there is no room for the rest', async () => {
      await bound({ maxAssemblyBytes: 10_000 });
      const other = house.session();
      const late = await house.peer();
      const [early, tooMuch] = [frameTo(to), frameTo(other.session.localPath)];
      peer.socket.write(early.subarray(0, 7000));
      await turns();
      late.socket.write(tooMuch.subarray(0, 7000));
      while (!house.counts.has(reached)) await turns();
      const third = await house.peer();
      third.socket.write(tooMuch.subarray(0, 2000));
      await turns();
      expect(house.counts.get(reached), 'what was let go is not counted').to.equal(1);
      peer.socket.write(early.subarray(7000));
      late.socket.write(tooMuch.subarray(7000));
      expect([await peer.status(), await late.status()]).to.deep.equal([200, 408]);
      expect([app, other.app].map(({ messages }) => messages.length)).to.deep.equal([1, 0]);
      late.socket.write(frameTo(other.session.localPath));
      expect(await late.status()).to.equal(200);
    });
  });

  it('gives an incomplete message up in time', async () => {
    await bound({ assemblyTimeoutMs: 1000 });
    peer.write(send({ to, id: 'long', body: 'abcd', range: '1-*/8', flag: '+' }));
    await peer.status();
    await house.clock.advance(1000);
    expect(house.counts.get('msrp_assemblies_expired_total')).to.equal(1);
  });

  it('answers what it had in hand when it is closed, and 481 afterwards', async () => {
    await bound();
    let settle: () => void = () => undefined;
    app.verdict = () => new Promise((resolve) => (settle = () => resolve(undefined)));
    peer.write(send({ to, body: 'x' }));
    await app.until(() => app.messages.length === 1);
    session.close();
    session.close();
    expect([session.state, house.endpoint.sessionCount]).to.deep.equal(['closed', 0]);
    peer.write(send({ to, body: 'late' }));
    expect(await peer.status()).to.equal(481);
    settle();
    expect(await peer.status()).to.equal(200);
    expect(app.closedReason).to.equal(undefined);
  });

  it('traces the content, too, where it is told to', async () => {
    const texts: string[] = [];
    house = await House.open({ traceContent: true }, { trace: (event) => texts.push(event.text()) });
    ({ session, app } = house.session());
    peer = await house.peer();
    peer.write(send({ to: session.localPath, body: 'not secret' }));
    await peer.status();
    expect(texts[0]).to.match(/\r\n\r\nnot secret\r\n-{7}t\d+\$\r\n$/);
  });

  it('traces what crosses the border, the content as its length', async () => {
    const events: { direction: string; key: string; text: () => string }[] = [];
    house = await House.open({}, { trace: (event) => events.push(event) });
    ({ session, app } = house.session());
    to = session.localPath;
    peer = await house.peer();
    peer.write(send({ to, body: 'secret' }));
    await peer.status();
    expect(events.map(({ direction, key }) => [direction, key])).to.deep.equal([
      ['in', session.id],
      ['out', session.id],
    ]);
    expect(events[0]?.text()).to.match(/^MSRP (t\d+) SEND\r\n[^]*\(6 octets\)\r\n-{7}\1\$\r\n$/);
    expect(inspect(events[0], { depth: null }), 'nor is the content kept in memory').not.to.include('<Buffer');
    expect(events[1]?.text()).to.match(/^MSRP (t\d+) 200 OK\r\n[^]*-{7}\1\$\r\n$/);
  });
});
