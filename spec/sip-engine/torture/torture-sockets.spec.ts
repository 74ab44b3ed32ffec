/** The torture messages one after the other to one engine on sockets: whatever came, the next honest request is answered. */
import { expect } from 'chai';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Address, Engine, ServerTransaction } from '../../../lib/sip-engine/api.js';
import { createEngine } from '../../../lib/sip-engine/engine.js';
import { requestText } from '../transaction/scripted-transport.js';
import { tortureMessage, tortureNames } from './torture-files.js';

function answer(transaction: ServerTransaction): void {
  transaction.respond({ status: transaction.request.method === 'INVITE' ? 486 : 200, headers: [] });
}

function honest(name: string): string {
  return requestText({ method: 'OPTIONS', callId: `after-${name}`, fromTag: name, branch: `z9hG4bK${name}` });
}

function isAnswerTo(name: string, text: string): boolean {
  return text.startsWith('SIP/2.0 200 ') && text.includes(`\r\nCall-ID: after-${name}\r\n`);
}

describe('Torture messages on sockets [IWF-1631]', () => {
  const faults: unknown[] = [];
  let engine: Engine;
  let udp: Address;
  let tcp: Address;

  beforeEach(async () => {
    faults.length = 0;
    engine = createEngine({
      listen: ['udp/127.0.0.1:0', 'tcp/127.0.0.1:0'],
      onError: (error) => void faults.push(error),
    });
    const nothing = (): void => undefined;
    await engine.start({ onRequest: answer, onAck: nothing, onCancel: nothing, onBye: nothing });
    [udp, tcp] = engine.listening as [Address, Address];
  });
  afterEach(() => engine.close());

  it('by UDP', async () => {
    const peer = createSocket('udp4');
    peer.bind(0, '127.0.0.1');
    await once(peer, 'listening');
    try {
      for (const name of tortureNames()) {
        peer.send(tortureMessage(name), udp.port, udp.host);
        peer.send(honest(name), udp.port, udp.host);
        await answerByUdp(peer, name);
      }
    } finally {
      peer.close();
    }
    expect(faults).to.deep.equal([]);
  });

  it('by TCP, each on a connection of its own', async () => {
    const steady = connect(tcp.port, tcp.host);
    await once(steady, 'connect');
    try {
      for (const name of tortureNames()) {
        await say(tortureMessage(name));
        steady.write(honest(name));
        await answerByTcp(steady, name);
      }
    } finally {
      steady.destroy();
    }
    expect(faults).to.deep.equal([]);
  });

  it('3.1.1.8 by TCP: what follows a message on a stream is the next one', async () => {
    const heard = await say(tortureMessage('3.1.1.08-dblreq'));
    expect(heard.match(/^SIP\/2\.0 \d+/gm)).to.deep.equal(['SIP/2.0 405', 'SIP/2.0 486']);
  });

  async function answerByUdp(peer: UdpSocket, name: string): Promise<void> {
    for (;;) {
      const [bytes] = (await once(peer, 'message')) as [Buffer];
      if (isAnswerTo(name, bytes.toString('latin1'))) return;
    }
  }

  async function answerByTcp(peer: Socket, name: string): Promise<void> {
    const [bytes] = (await once(peer, 'data')) as [Buffer];
    expect(isAnswerTo(name, bytes.toString('latin1')), name).to.equal(true);
  }

  /** On a connection of its own, until the engine has read it all and ends its half; what it has said. */
  async function say(bytes: Buffer): Promise<string> {
    const socket = connect({ port: tcp.port, host: tcp.host });
    let heard = '';
    socket.on('data', (chunk: Buffer) => void (heard += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    socket.end(bytes);
    await once(socket, 'close');
    return heard;
  }
});
