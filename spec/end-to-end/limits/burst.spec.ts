/** Who comes back with many connections at once: the kernel has room for all that a border may hold, until they are taken. */
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { startWorld, type World } from '../world.js';

/** More than the 511 of Node's own default. */
const burst = 600;
/** As /proc/net/tcp has it: beyond its room the kernel answers no SYN. */
const synSent = '02';

describe('a burst of connections', () => {
  let world: World | undefined;
  let sockets: readonly Socket[] = [];
  before(async function () {
    // The kernel's own bound is lower: it can be raised, not gone beyond.
    if (Number(readFileSync('/proc/sys/net/core/somaxconn', 'latin1')) < burst) this.skip();
    world = await startWorld({ subscribe: false });
  });
  afterEach(() => sockets.forEach((socket) => socket.destroy()));
  after(() => world?.stop());

  for (const border of ['rest', 'sip', 'msrp'] as const) {
    it(`is taken whole: ${border}`, async () => {
      const port = world?.ports[border] ?? 0;
      sockets = Array.from({ length: burst }, () => connect(port, '127.0.0.1').on('error', () => undefined));
      // All have asked, and nothing was accepted yet: this turn of the event loop has not ended.
      await new Promise((resolve) => process.nextTick(resolve));
      expect(statesTowards(port)).to.deep.equal({ all: burst, waiting: 0 });
    });
  }
});

function statesTowards(port: number): { readonly all: number; readonly waiting: number } {
  const peer = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const lines = readFileSync('/proc/self/net/tcp', 'latin1').split('\n').slice(1);
  const states = lines
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , remote]) => remote?.endsWith(peer))
    .map(([, , , state]) => state);
  // What is closed on our side is of the world's own start.
  return {
    all: states.filter((state) => state === '01' || state === synSent).length,
    waiting: states.filter((state) => state === synSent).length,
  };
}
