/** Connections to a platform's server: kept, bounded, and never read for another question's answer. */
import { expect } from 'chai';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { systemClock } from '../../../lib/clock.js';
import { Pool } from '../../../lib/notify/http/pool.js';
import { FakeClock } from '../../support/fake-clock.js';
import { until } from '../harness.js';

const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n';

describe('the connections to an origin', () => {
  let server: Server;
  /** In the order of their coming. */
  let peers: Socket[];
  let requests: string[];
  let answer: (peer: Socket, request: string) => void;
  let pool: Pool;

  beforeEach(async () => {
    peers = [];
    requests = [];
    answer = (peer) => void peer.write(ok);
    server = createServer((peer) => {
      peers.push(peer);
      peer.on('error', () => undefined);
      peer.on('data', (octets: Buffer) => {
        const request = octets.toString();
        requests.push(request);
        answer(peer, request);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  afterEach(async () => {
    pool.close();
    for (const peer of peers) peer.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  const open = (maxConnections = 10, clock = systemClock): void => {
    const { port } = server.address() as AddressInfo;
    const endpoint = { secure: false, host: '127.0.0.1', port };
    pool = new Pool({ endpoint, clock, connectTimeoutMs: 5_000, maxConnections });
  };

  const ask = (text = 'POST'): Promise<number | string> =>
    new Promise((resolve) => {
      let status = 0;
      pool.send(text, {
        onHead: (head) => (status = head.status),
        onData: () => undefined,
        onEnd: () => resolve(status),
        onError: (error) => resolve(error.message),
      });
    });

  it('are used again', async () => {
    open();
    for (let count = 0; count < 3; count++) expect(await ask()).to.equal(200);
    expect(peers).to.have.length(1);
  });

  it('are as many as are needed, within the limit; what is more waits for one', async () => {
    open(2);
    const held: Socket[] = [];
    answer = (peer) => void held.push(peer);
    const answers = ['a', 'b', 'c'].map(ask);
    await until(() => held.length === 2);
    expect(requests).to.deep.equal(['a', 'b']);
    for (const peer of held) peer.write(ok);
    await until(() => held.length === 3);
    held[2]?.write(ok);
    expect(await Promise.all(answers)).to.deep.equal([200, 200, 200]);
    expect(peers).to.have.length(2);
  });

  it('are not used again where the other side says that it closes them, or has closed them', async () => {
    open();
    answer = (peer) => void peer.write(ok.replace('content', 'connection: close\r\ncontent'));
    expect(await ask()).to.equal(200);
    answer = (peer) => void peer.end(ok);
    expect(await ask()).to.equal(200);
    expect(await ask()).to.equal(200);
    expect(peers).to.have.length(3);
  });

  it('are not used again where something came that nobody asked for', async () => {
    open();
    expect(await ask()).to.equal(200);
    await new Promise<void>((resolve) => peers[0]?.write(ok.replace('200', '400'), () => resolve()));
    await until(() => peers[0]?.readableEnded !== false || peers[0].destroyed);
    expect(await ask()).to.equal(200);
    expect(peers).to.have.length(2);
  });

  it('are not used again after a while without use', async () => {
    const clock = new FakeClock();
    open(10, clock);
    expect(await ask()).to.equal(200);
    await clock.advance(3_999);
    expect(await ask()).to.equal(200);
    expect(peers).to.have.length(1);
    await clock.advance(4_000);
    expect(await ask()).to.equal(200);
    expect(peers).to.have.length(2);
  });

  it('are not used again so shortly before the other side closes them', async () => {
    const clock = new FakeClock();
    open(10, clock);
    answer = (peer) => void peer.write(ok.replace('content', 'keep-alive: timeout=3\r\ncontent'));
    expect(await ask()).to.equal(200);
    await clock.advance(2_000);
    expect(await ask()).to.equal(200);
    expect(peers).to.have.length(2);
  });

  it('that come to nothing in time fail', async () => {
    const clock = new FakeClock();
    pool = new Pool({
      endpoint: { secure: false, host: 'bot.test', port: 80, lookup: () => undefined },
      clock,
      connectTimeoutMs: 5_000,
      maxConnections: 1,
    });
    const asked = ask();
    const behind = ask();
    await until(() => clock.pending === 1);
    await clock.advance(5_000);
    expect(await asked).to.equal('no connection in time');
    pool.close();
    expect(await behind).to.be.a('string');
  });

  it('carry nothing of what was broken off before its turn, and end with what is broken off later', async () => {
    open(1);
    answer = () => undefined;
    const listener = {
      onHead: () => undefined,
      onData: () => undefined,
      onEnd: () => undefined,
      onError: () => undefined,
    };
    const first = pool.send('first', listener);
    const second = pool.send('second', listener);
    await until(() => requests.length === 1);
    second.cancel();
    first.cancel();
    answer = (peer) => void peer.write(ok);
    expect(await ask('third')).to.equal(200);
    expect(requests).to.deep.equal(['first', 'third']);
    expect(peers).to.have.length(2);
  });

  it('end with the pool, and who waits is told', async () => {
    open(1);
    answer = () => undefined;
    const [first, second] = [ask(), ask()];
    await until(() => requests.length === 1);
    pool.close();
    expect(await first).to.be.a('string');
    expect(await second).to.be.a('string');
    expect(await ask()).to.be.a('string');
  });
});
