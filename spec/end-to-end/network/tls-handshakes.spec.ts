/** Handshakes that are none, are never finished, or are begun anew: on each port of the gateway that speaks TLS. */
import { expect } from 'chai';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { refusedHonest } from '../../../scripts/fuzz/connections/look.js';
import { clientHello } from '../../../scripts/fuzz/connections/tls-scripts.js';
import { startWorld, type World } from '../../../scripts/fuzz/connections/world.js';

const hello = Buffer.from(clientHello, 'latin1');
const faces = ['sip', 'msrp', 'rest'] as const;

describe('TLS handshakes that come to nothing [IWF-1632]', () => {
  let world: World;
  const open: Socket[] = [];

  before(async function () {
    this.timeout(30_000);
    world = await startWorld({ secure: true });
  });
  afterEach(() => {
    for (const socket of open.splice(0)) socket.destroy();
  });
  after(() => world.close());

  const portOf = (face: (typeof faces)[number]): number => world.ports[face === 'sip' ? 'sipTls' : face];

  async function say(face: (typeof faces)[number], bytes: Buffer | string): Promise<Socket> {
    const socket = connect({ port: portOf(face), host: '127.0.0.1' });
    open.push(socket);
    socket.on('error', () => undefined).resume();
    await once(socket, 'connect');
    socket.write(bytes);
    return socket;
  }

  const closed = (socket: Socket): Promise<unknown> => once(socket, 'close');

  it('that say nothing, or half of a ClientHello, or all of it and no more, are closed by each in its time', async () => {
    const halves = ['', hello.subarray(0, 5), hello.subarray(0, 100), hello];
    const sockets = await Promise.all(faces.flatMap((face) => halves.map((half) => say(face, half))));
    await Promise.all(sockets.map(closed));
  });

  for (const [what, bytes] of [
    ['plain HTTP', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a record longer than any', Buffer.from([22, 3, 1, 255, 255, 1])],
    ['a record of another kind', Buffer.from([23, 3, 3, 0, 5, 1, 2, 3, 4, 5])],
    ['an alert', Buffer.from([21, 3, 3, 0, 2, 2, 40])],
  ] as const) {
    it(`${what}: closed at once`, async () => {
      const sockets = await Promise.all(faces.map((face) => say(face, bytes)));
      await Promise.all(sockets.map(closed));
    });
  }

  it('that are begun anew in TLS 1.2 are refused', async () => {
    for (const face of faces) {
      const socket = connectTls({ port: portOf(face), host: '127.0.0.1', rejectUnauthorized: false, ...only12 });
      open.push(socket);
      await once(socket, 'secureConnect');
      expect(await renegotiated(socket), face).to.equal(false);
    }
  });

  it('leave the gateway as it was: it serves who is honest, and holds no socket of theirs', async () => {
    expect(await refusedHonest(world)).to.equal(undefined);
    expect(world.newLines().filter((line) => line.includes('"level":"error"'))).to.deep.equal([]);
    let gauges = await world.gauges();
    // The gateway's own to its next hop is idle for a while.
    const isQuiet = (): boolean => gauges.get('iwf_msrp_connections') === 0 && gauges.get('iwf_sip_connections')! <= 1;
    while (!isQuiet()) gauges = await world.gauges();
  });
});

const only12 = { maxVersion: 'TLSv1.2', minVersion: 'TLSv1.2' } as const;

function renegotiated(socket: TLSSocket): Promise<boolean> {
  return new Promise((resolve) => {
    socket.on('error', () => resolve(false));
    socket.on('close', () => resolve(false));
    socket.renegotiate({ rejectUnauthorized: false }, (error) => resolve(error === null));
  });
}
