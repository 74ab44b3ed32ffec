import { expect } from 'chai';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { ClientTransaction, DialogId, Engine, RequestDraft } from '../../lib/sip-engine/api.js';
import { createEngine, type EngineOptions } from '../../lib/sip-engine/engine.js';
import { parseMessage } from '../../lib/sip-engine/message/parse.js';
import type { WireMessage } from '../../lib/sip-engine/message/message.js';
import { DEFAULT_LIMITS } from '../../lib/sip-engine/options.js';
import { TcpFramer } from '../../lib/sip-engine/transport/tcp-framing.js';
import { until } from '../support/ask-again.js';
import { FakeClock } from '../support/fake-clock.js';
import { responseText } from './transaction/scripted-transport.js';

/** What comes on a connection, message by message. */
class Wire {
  readonly socket: Socket;
  private readonly heard: WireMessage[] = [];
  private readonly framer = new TcpFramer(DEFAULT_LIMITS);

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      for (const framed of this.framer.push(chunk))
        if (framed.kind === 'message') this.heard.push(parseMessage(framed.bytes, DEFAULT_LIMITS, false).message);
      socket.emit('heard');
    });
  }

  async next(): Promise<WireMessage> {
    while (this.heard.length === 0) await once(this.socket, 'heard');
    return this.heard.shift()!;
  }

  get waiting(): number {
    return this.heard.length;
  }
}

interface Call {
  readonly transaction: ClientTransaction;
  readonly next: () => Promise<{ readonly status: number | undefined; readonly dialogId: DialogId | undefined }>;
}

describe('Connections that are lost under a request of ours (RFC 3261 §18.2.2, RFC 5626 §4.4)', () => {
  const closing: (() => unknown)[] = [];

  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  async function engineOf(
    options: Partial<EngineOptions> = {},
  ): Promise<{ engine: Engine; dials: () => Promise<Wire> }> {
    const engine = createEngine({ listen: ['tcp/127.0.0.1:0'], ...options });
    const nothing = (): void => undefined;
    await engine.start({ onRequest: nothing, onAck: nothing, onCancel: nothing, onBye: nothing });
    closing.push(() => engine.close());
    const dials = async (): Promise<Wire> => {
      const socket = connect(engine.listening[0]!.port, '127.0.0.1');
      closing.push(() => socket.destroy());
      await once(socket, 'connect');
      return new Wire(socket);
    };
    return { engine, dials };
  }

  async function hop(): Promise<{ server: Server; uri: string; taken: () => Promise<Wire> }> {
    const server = createServer();
    const connections: Wire[] = [];
    server.on('connection', (socket) => {
      connections.push(new Wire(socket));
      closing.push(() => socket.destroy());
      server.emit('taken');
    });
    server.listen(0, '127.0.0.1');
    closing.push(() => server.close());
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const taken = async (): Promise<Wire> => {
      while (connections.length === 0) await once(server, 'taken');
      return connections.shift()!;
    };
    return { server, taken, uri: `sip:phone@127.0.0.1:${port};transport=tcp` };
  }

  async function call(engine: Engine, draft: Pick<RequestDraft, 'method' | 'uri'>): Promise<Call> {
    const responses: Awaited<ReturnType<Call['next']>>[] = [];
    let told = (): void => undefined;
    const transaction = await engine.send(
      { headers: [], ...draft },
      {
        onResponse: ({ status }, _from, dialogId) => {
          responses.push({ status, dialogId });
          told();
        },
      },
    );
    const next: Call['next'] = async () => {
      while (responses.length === 0) await new Promise<void>((resolve) => (told = resolve));
      return responses.shift()!;
    };
    return { transaction, next };
  }

  for (const status of [200, 486] as const) {
    it(`after a 180: a ${status} over a connection of the server's own counts, and is acknowledged`, async () => {
      const { engine, dials } = await engineOf();
      const { taken, uri } = await hop();
      const { next } = await call(engine, { method: 'INVITE', uri });
      const first = await taken();
      const invite = await first.next();
      first.socket.write(responseText(invite, 180));
      expect((await next()).status).to.equal(180);
      first.socket.destroy();
      const back = await dials();
      const contact = `Contact: <${uri}>`;
      back.socket.write(responseText(invite, status, { lines: [contact] }));
      const answer = await next();
      expect(answer.status).to.equal(status);
      if (status === 200) await engine.ack(answer.dialogId!, { headers: [] });
      const second = await taken();
      expect((await second.next()).method).to.equal('ACK');
      if (status !== 200) return;
      second.socket.destroy();
      await until(() => engine.inHand.connections === 1);
      back.socket.write(responseText(invite, status, { lines: [contact] }));
      expect((await (await taken()).next()).method, 'to the 200 that came again').to.equal('ACK');
    });
  }

  it('after a 180: CANCEL goes over a new one', async () => {
    const { engine } = await engineOf();
    const { taken, uri } = await hop();
    const { transaction, next } = await call(engine, { method: 'INVITE', uri });
    const first = await taken();
    const invite = await first.next();
    first.socket.write(responseText(invite, 180));
    await next();
    first.socket.destroy();
    await once(first.socket, 'close');
    transaction.cancel();
    const second = await taken();
    const cancel = await second.next();
    expect(cancel.method).to.equal('CANCEL');
    expect(cancel.header('Via')).to.equal(invite.header('Via'));
    second.socket.write(responseText(invite, 487));
    expect((await next()).status).to.equal(487);
  });

  for (const method of ['INVITE', 'MESSAGE'] as const) {
    it(`before any answer: the ${method} goes once more over a new one, with the same branch`, async () => {
      const { engine } = await engineOf();
      const { taken, uri } = await hop();
      const { next } = await call(engine, { method, uri });
      const first = await taken();
      const request = await first.next();
      first.socket.destroy();
      const second = await taken();
      const again = await second.next();
      expect(again.bytes).to.deep.equal(request.bytes);
      second.socket.write(responseText(again, 480));
      expect((await next()).status).to.equal(480);
    });

    it(`before any answer, of a server that has gone: the ${method} is 503 at once`, async () => {
      const clock = new FakeClock();
      const { engine } = await engineOf({ clock });
      const { server, taken, uri } = await hop();
      const { next } = await call(engine, { method, uri });
      const first = await taken();
      await first.next();
      server.close();
      first.socket.destroy();
      expect((await next()).status).to.equal(503);
      expect(engine.inHand.transactions).to.equal(0);
    });
  }

  it('without a word: after 64*T1 the next request opens another, and who waited on the old one goes by it', async () => {
    const clock = new FakeClock();
    const counted: string[] = [];
    const { engine } = await engineOf({
      clock,
      count: (name, labels) => void counted.push(`${name} ${labels?.['reason'] ?? ''}`),
    });
    const { taken, uri } = await hop();
    const lost = await call(engine, { method: 'OPTIONS', uri });
    const dead = await taken();
    await dead.next();
    await clock.advance(20_000);
    const younger = await call(engine, { method: 'MESSAGE', uri });
    await dead.next();
    await clock.advance(12_000);
    expect((await lost.next()).status).to.equal(408);
    const alive = await taken();
    const message = await alive.next();
    expect(message.method).to.equal('MESSAGE');
    alive.socket.write(responseText(message, 200));
    expect((await younger.next()).status).to.equal(200);
    await call(engine, { method: 'OPTIONS', uri });
    expect((await alive.next()).method).to.equal('OPTIONS');
    expect(counted).to.include('sip_tcp_closed_total silent');
    expect(dead.waiting).to.equal(0);
  });
});
