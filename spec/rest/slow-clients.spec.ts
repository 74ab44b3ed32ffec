/** Clients who do not go on: in the handshake, or in reading what they have asked for. Over real sockets. */
import { expect } from 'chai';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { defaultRestLimits } from '../../lib/rest/deps.js';
import type { ChannelActions, ChannelSocket } from '../../lib/rest/further-actions.js';
import { botPath, type Face, openFace } from './fake-gateway.js';

const read = (name: string): string => readFileSync(`spec/fixtures/msrp/tls/${name}`, 'utf8');
const websocketKey = Buffer.alloc(16).toString('base64');
const tls = { cert: read('two.crt'), key: read('two.key') };
/** The first octets of a record that holds a ClientHello of 512. */
const halfHello = Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]);
/** Answers of some 100 kB each, together more than the buffers of two sockets. */
const asking = 'GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(200);

describe('rest: clients who do not go on [IWF-1725]', () => {
  let face: Face;
  const sockets: Socket[] = [];

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await face.close();
  });

  function follow<T extends Socket>(socket: T): T {
    sockets.push(socket);
    socket.on('error', () => undefined);
    return socket;
  }

  for (const [what, bytes] of [
    ['never begins', Buffer.alloc(0)],
    ['never finishes', halfHello],
  ] as const) {
    it(`a TLS handshake that ${what} is closed in time`, async () => {
      face = await openFace({ limits: { ...defaultRestLimits, headersTimeoutMs: 100 } }, tls);
      const socket = follow(connect(face.server.port, '127.0.0.1')).resume();
      socket.write(bytes);
      await once(socket, 'close');
    });
  }

  for (const secured of [false, true]) {
    it(`who does not read an answer${secured ? ', over TLS,' : ''} is cut in time, and harms nobody`, async () => {
      face = await openFace({}, secured ? tls : undefined);
      const { port } = face.server;
      const socket = follow(
        secured ? connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }) : connect(port, '127.0.0.1'),
      );
      await once(socket, secured ? 'secureConnect' : 'connect');
      // A socket that is never told to read.
      socket.write(asking);
      while (face.counted.every((line) => !line.includes('unread'))) await face.clock.advance(1000);
      expect(face.counted.filter((line) => line.includes('unread'))).to.deep.equal([
        'rest_client_errors_total {"status":"unread"}',
      ]);
      const other = await face.call('GET', '/openapi.json').catch(() => undefined);
      expect(other?.status).to.equal(secured ? undefined : 200);
    });
  }

  describe('on a WebSocket', () => {
    let told: ChannelSocket;
    let detached: number;

    /** A client that opens one and then does not read, not even a ping. */
    async function open(): Promise<Socket> {
      detached = 0;
      const attach: ChannelActions['attach'] = (_bot, _id, channelSocket) => {
        told = channelSocket;
        return { acknowledge: () => Promise.resolve(), detach: () => (detached += 1) };
      };
      const get = () => ({ channel: { channelType: 'WebSockets' }, remainingS: 9 });
      face = await openFace({ further: { channels: { attach, get } as unknown as ChannelActions } });
      const socket = follow(connect(face.server.port, '127.0.0.1'));
      const path = `/notificationchannel/v1/${botPath}/channels/c1/notifications`;
      const lines = [
        'Upgrade: websocket',
        'Connection: Upgrade',
        'Sec-WebSocket-Version: 13',
        `Sec-WebSocket-Key: ${websocketKey}`,
      ];
      socket.write([`GET ${path} HTTP/1.1`, 'Host: x', 'Authorization: Bearer key-a', ...lines, '', ''].join('\r\n'));
      const opened = ((await once(socket, 'data'))[0] as Buffer).toString('latin1');
      expect(opened).to.match(/^HTTP\/1\.1 101 /);
      socket.pause();
      return socket;
    }

    it('who answers no ping is gone after the second', async () => {
      const socket = await open();
      await face.clock.advance(30_000);
      expect(detached).to.equal(0);
      await face.clock.advance(30_000);
      socket.resume();
      await once(socket, 'close');
      expect(detached).to.equal(1);
    });

    it('who does not read what is sent to him is cut in time', async () => {
      const socket = await open();
      while (detached === 0) {
        // Pings count as answered: a pong needs nothing read before.
        socket.write(Buffer.from([0x8a, 0x80, 0, 0, 0, 0]));
        told.send('x'.repeat(100_000));
        await face.clock.advance(1000);
      }
      expect(face.counted).to.include('rest_client_errors_total {"status":"unread"}');
    });
  });

  it('who reads slowly, but goes on, is served to the end', async () => {
    face = await openFace();
    const socket = follow(connect(face.server.port, '127.0.0.1'));
    socket.write(asking + asking.slice(0, asking.indexOf('\r\n\r\n')) + '\r\nConnection: close\r\n\r\n');
    let text = '';
    for await (const bytes of socket) {
      text += (bytes as Buffer).toString('latin1');
      await face.clock.advance(defaultRestLimits.requestTimeoutMs / 100);
    }
    expect(text.split('HTTP/1.1 200')).to.have.length(202);
    expect(face.counted.filter((line) => line.includes('unread'))).to.deep.equal([]);
  });
});
