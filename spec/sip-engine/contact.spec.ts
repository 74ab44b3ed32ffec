import { expect } from 'chai';
import { createSocket } from 'node:dgram';
import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:net';
import type { HeaderLine, Protocol, ServerTransaction } from '../../lib/sip-engine/api.js';
import { createEngine, type EngineOptions } from '../../lib/sip-engine/engine.js';
import { requestText } from './transaction/scripted-transport.js';

const GIVEN: HeaderLine = ['Contact', '<sip:shop@localhost>;+g.gsma.rcs.isbot'];
const nothing = (): void => undefined;

describe('Contact leads back to us (RFC 3261 §8.1.1.8, RFC 3263 §4.1)', () => {
  const closing: (() => unknown)[] = [];

  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  /** Somebody at that place: what he is sent, whatever it is, and a way to say something from there. */
  async function peer(protocol: Protocol, host: string): Promise<number> {
    if (protocol === 'udp') {
      const socket = createSocket(host === '::1' ? 'udp6' : 'udp4');
      closing.push(() => socket.close());
      socket.bind(0, host);
      await once(socket, 'listening');
      return socket.address().port;
    }
    const server = createServer((socket) => void closing.push(() => socket.destroy()));
    closing.push(() => server.close());
    server.listen(0, host);
    await once(server, 'listening');
    return (server.address() as { port: number }).port;
  }

  interface Case extends Partial<EngineOptions> {
    readonly listen: readonly string[];
    readonly by: Protocol;
    readonly host?: '127.0.0.1' | '::1';
    /** Place in `listen` of the address that it leads to. */
    readonly to: number;
    readonly shown: string;
  }

  const cases: Readonly<Record<string, Case>> = {
    'over TCP alone': { listen: ['tcp/127.0.0.1:0'], by: 'tcp', to: 0, shown: '127.0.0.1:PORT;transport=tcp' },
    'over UDP': { listen: ['tcp/127.0.0.1:0', 'udp/127.0.0.1:0'], by: 'udp', to: 1, shown: '127.0.0.1:PORT' },
    'on every address, UDP': { listen: ['udp/0.0.0.0:0', 'tcp/0.0.0.0:0'], by: 'udp', to: 0, shown: '127.0.0.1:PORT' },
    'on every address, TCP': {
      listen: ['udp/0.0.0.0:0', 'tcp/0.0.0.0:0'],
      by: 'tcp',
      to: 1,
      shown: '127.0.0.1:PORT;transport=tcp',
    },
    'IPv6 beside IPv4': {
      listen: ['udp/127.0.0.1:0', 'tcp/127.0.0.1:0', 'tcp/[::1]:0'],
      by: 'tcp',
      host: '::1',
      to: 2,
      shown: '[::1]:PORT;transport=tcp',
    },
    advertised: {
      listen: ['udp/0.0.0.0:0', 'tcp/0.0.0.0:0'],
      advertise: 'iwf.example.net',
      by: 'tcp',
      to: 1,
      shown: 'iwf.example.net:PORT;transport=tcp',
    },
    'TCP where only UDP listens': { listen: ['udp/0.0.0.0:0'], by: 'tcp', to: 0, shown: '127.0.0.1:PORT' },
    'IPv6 where only IPv4 listens': {
      listen: ['tcp/127.0.0.1:0'],
      by: 'tcp',
      host: '::1',
      to: 0,
      shown: '127.0.0.1:PORT;transport=tcp',
    },
  };

  for (const [title, { listen, by, host = '127.0.0.1', to, shown, ...options }] of Object.entries(cases)) {
    it(`of a request: ${title}`, async () => {
      const engine = createEngine({ listen, ...options });
      await engine.start({ onRequest: nothing, onAck: nothing, onCancel: nothing, onBye: nothing });
      closing.push(() => engine.close());
      const port = await peer(by, host);
      const uri = `sip:phone@${host === '::1' ? '[::1]' : host}:${port};transport=${by}`;
      const contactOf = async (headers: readonly HeaderLine[]): Promise<string | undefined> =>
        (await engine.send({ method: 'INVITE', uri, headers }, { onResponse: nothing })).sent.message.header('Contact');
      const expected = shown.replace('PORT', String(engine.listening[to]!.port));
      expect(await contactOf([GIVEN])).to.equal(`<sip:shop@${expected}>;+g.gsma.rcs.isbot`);
      expect(await contactOf([]), 'of the engine’s own').to.equal(`<sip:${expected}>`);
      const told: HeaderLine = ['Contact', '<sip:shop@localhost;transport=tls>'];
      expect(await contactOf([told]), 'with a transport').to.match(/^<sip:shop@[^;]*;transport=tls>$/);
    });
  }

  it('of an answer, on the way of its request', async () => {
    const engine = createEngine({ listen: ['udp/0.0.0.0:0', 'udp/[::1]:0'] });
    closing.push(() => engine.close());
    const asked = new EventEmitter();
    const onRequest = (request: ServerTransaction): void => void asked.emit('request', request);
    await engine.start({ onRequest, onAck: nothing, onCancel: nothing, onBye: nothing });
    const socket = createSocket('udp6');
    closing.push(() => socket.close());
    const { port } = engine.listening[1]!;
    socket.send(requestText({ method: 'INVITE' }), port, '::1');
    const [request] = (await once(asked, 'request')) as [ServerTransaction];
    const { message } = request.respond({ status: 200, headers: [GIVEN] });
    expect(message.header('Contact')).to.equal(`<sip:shop@[::1]:${port}>;+g.gsma.rcs.isbot`);
  });
});
