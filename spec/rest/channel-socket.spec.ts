/** A WebSocket on a channel that nobody can serve any more, over real sockets. */
import { expect } from 'chai';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { ChannelActions } from '../../lib/rest/further-actions.js';
import { botPath, type Face, openFace } from './fake-gateway.js';

const websocketKey = Buffer.alloc(16).toString('base64');
/** RFC 6455 §5.2: there is no such opcode. */
const nonsense = Buffer.from([0xf3, 0x7f, 1, 2, 3]);
const there = { channel: { channelType: 'WebSockets' }, remainingS: 9 };

describe('rest: a WebSocket whose channel cannot be listened on', () => {
  let face: Face;
  afterEach(() => face.close());

  /** What the client is told with the end; he says something that is no frame. */
  async function ended(isThere: boolean): Promise<string> {
    let asked = 0;
    // There when the handshake begins.
    const get = (): unknown => (asked++ === 0 || isThere ? there : undefined);
    face = await openFace({ further: { channels: { get, attach: () => undefined } as unknown as ChannelActions } });
    const socket = connect(face.server.port, '127.0.0.1');
    let heard = '';
    socket.on('data', (bytes: Buffer) => (heard += bytes.toString('latin1')));
    socket.write(
      [
        `GET /notificationchannel/v1/${botPath}/channels/c1/notifications HTTP/1.1`,
        ...['Host: x', 'Authorization: Bearer key-a', 'Upgrade: websocket', 'Connection: Upgrade'],
        ...['Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${websocketKey}`, '', ''],
      ].join('\r\n'),
    );
    await once(socket, 'data');
    socket.write(nonsense);
    await once(socket, 'close');
    return heard;
  }

  it('is told that the channel has ended, and no fault of his is ours', async () => {
    expect(await ended(false)).to.include('the channel has ended');
  });

  it('is told that the gateway goes down where the channel is there: it will be again', async () => {
    expect(await ended(true)).to.include('the gateway is going down');
  });
});
