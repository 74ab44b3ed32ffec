import { expect } from 'chai';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { LinkSockets } from '../../../lib/sip/drachtio/sockets.js';
import { FakeClock } from '../../support/fake-clock.js';
import { silentLog } from '../silent-log.js';

describe('a connection to the SIP engine', () => {
  let clock: FakeClock;
  let server: Server;
  let engine: Socket;
  let socket: Socket;
  let sockets: LinkSockets;

  beforeEach(async () => {
    clock = new FakeClock();
    server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
    socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    engine = await accepted;
    sockets = new LinkSockets({ clock, log: silentLog, silenceTimeoutMs: 45_000 });
    sockets.watch(socket);
  });

  afterEach(() => {
    sockets.close();
    engine.destroy();
    server.close();
  });

  const heard = (): Promise<void> => {
    const data = new Promise<void>((resolve) => socket.once('data', () => resolve()));
    engine.write('ping');
    return data;
  };

  it('is given up when it has been silent for long', async () => {
    await clock.advance(44_000);
    expect(socket.destroyed).to.equal(false);
    await heard();
    await clock.advance(44_000);
    expect(socket.destroyed).to.equal(false);
    await clock.advance(17_000);
    expect(socket.destroyed).to.equal(true);
  });

  it('stays when the wall clock is set forward', async () => {
    await heard();
    clock.step(3_600_000);
    await clock.advance(30_000);
    expect(socket.destroyed).to.equal(false);
  });
});
