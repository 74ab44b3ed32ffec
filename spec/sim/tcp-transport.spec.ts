/** SIP over TCP below the simulated phone: what becomes of a request whose connection ends. */
import { expect } from 'chai';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { TcpTransport } from '../../lib/sim/tcp-transport.js';

describe('the transport of the simulated phone', () => {
  let gateway: Server;
  let transport: TcpTransport;
  /** What the gateway does with a request. */
  let answer: (socket: Socket) => void;

  beforeEach(async () => {
    gateway = createServer((socket) => socket.on('error', () => undefined).on('data', () => answer(socket)));
    gateway.listen(0, '127.0.0.1');
    await once(gateway, 'listening');
    const { port } = gateway.address() as AddressInfo;
    const host = '127.0.0.1';
    transport = new TcpTransport({ host, port: 0, gateway: { host, port }, contact: () => '<sip:phone>' });
    await transport.connect();
  });
  afterEach(async () => {
    await transport.disconnect();
    gateway.close();
  });

  const request = (branch: string): string =>
    `OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1;branch=${branch}\r\nContent-Length: 0\r\n\r\n`;
  const response = (branch: string): string => request(branch).replace('OPTIONS sip:a SIP/2.0', 'SIP/2.0 200 OK');

  async function outcomeOf(sent: Promise<void>): Promise<string> {
    return sent.then(
      () => 'heard of',
      (error: unknown) => String(error),
    );
  }

  it('tells of a request that was taken by a connection which ends without an answer', async () => {
    answer = (socket) => socket.end();
    expect(await outcomeOf(transport.send(request('z9hG4bK1')))).to.equal('Error: the connection was lost');
    answer = (socket) => socket.resetAndDestroy();
    expect(await outcomeOf(transport.send(request('z9hG4bK2')))).to.equal('Error: the connection was lost');
  });

  it('tells of a request that nobody listens to', async () => {
    gateway.close();
    await once(gateway, 'close');
    expect(await outcomeOf(transport.send(request('z9hG4bK1')))).to.equal('Error: the connection was lost');
  });

  it('leaves a request alone that was answered, whatever becomes of the connection', async () => {
    answer = (socket) => socket.end(response('z9hG4bK1'));
    expect(await outcomeOf(transport.send(request('z9hG4bK1')))).to.equal('heard of');
  });
});
