/** A host in several networks, with a listener in each: from which it asks, and from which it answers (RFC 3261 §18). */
import { expect } from 'chai';
import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Address, Engine } from '../../../lib/sip-engine/api.js';
import { createEngine } from '../../../lib/sip-engine/engine.js';
import { systemClock, Timers } from '../../../lib/sip-engine/transaction/timers.js';
import { OwnAddresses } from '../../../lib/sip-engine/transport/own-addresses.js';
import { headerOf, respondTo } from '../../sip/raw-peer.js';
import { requestText } from '../transaction/scripted-transport.js';

/** 127.0.0.2 is no address of an interface: to this machine the system sends from 127.0.0.1. */
const elsewhere = '127.0.0.2';
const here = '127.0.0.1';

describe('Listeners in several networks', () => {
  const closing: (() => unknown)[] = [];

  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  async function engineOn(...listen: string[]): Promise<{ engine: Engine; listening: readonly Address[] }> {
    const engine = createEngine({ listen });
    await engine.start({
      onRequest: (transaction) => void transaction.respond({ status: 200, headers: [] }),
      onAck: () => undefined,
      onCancel: () => undefined,
      onBye: () => undefined,
    });
    closing.push(() => engine.close());
    return { engine, listening: engine.listening };
  }

  async function udpPeer(): Promise<{ socket: UdpSocket; port: number; next(): Promise<[Buffer, RemoteInfo]> }> {
    const socket = createSocket('udp4');
    socket.bind(0, here);
    await once(socket, 'listening');
    closing.push(() => socket.close());
    const next = (): Promise<[Buffer, RemoteInfo]> => once(socket, 'message') as Promise<[Buffer, RemoteInfo]>;
    return { socket, port: socket.address().port, next };
  }

  it('answer from where they were asked, also where Via sends the answer to another port', async () => {
    const { listening } = await engineOn(`udp/${elsewhere}:0`, `udp/${here}:0`);
    const [from, named] = [await udpPeer(), await udpPeer()];
    const answer = named.next();
    const text = requestText({ method: 'OPTIONS' }).replace(
      /^Via: SIP\/2.0\/\w+ [^;]*/m,
      `Via: SIP/2.0/UDP ${here}:${named.port}`,
    );
    from.socket.send(text.replace(';rport', ''), listening[1]!.port, here);
    expect((await answer)[1]).to.include({ address: here, port: listening[1]!.port });
  });

  it('ask by UDP from the one that is in the network of who is asked', async () => {
    const { engine, listening } = await engineOn(`udp/${elsewhere}:0`, `udp/${here}:0`);
    const peer = await udpPeer();
    const asked = peer.next();
    await engine.send(
      { method: 'INVITE', uri: `sip:a@${here}:${peer.port}`, headers: [] },
      { onResponse: () => undefined },
    );
    const [bytes, source] = await asked;
    expect(source).to.include({ address: here, port: listening[1]!.port });
    expect(headerOf(bytes.toString(), 'Via')).to.include(` ${here}:${listening[1]!.port};`);
    expect(headerOf(bytes.toString(), 'Contact')).to.equal(`<sip:${here}:${listening[1]!.port}>`);
  });

  it('are told to who is asked by TCP as the one of his network', async () => {
    const { engine, listening } = await engineOn(`tcp/${elsewhere}:0`, `tcp/${here}:0`);
    const server = createServer((socket) => {
      socket.once('data', (bytes: Buffer) => {
        seen(bytes.toString());
        socket.end(respondTo(bytes.toString(), '486 Busy Here'));
      });
    });
    let seen: (text: string) => void = () => undefined;
    const asked = new Promise<string>((resolve) => (seen = resolve));
    server.listen(0, here);
    await once(server, 'listening');
    closing.push(() => server.close());
    const uri = `sip:a@${here}:${(server.address() as AddressInfo).port};transport=tcp`;
    await engine.send({ method: 'INVITE', uri, headers: [] }, { onResponse: () => undefined });
    const text = await asked;
    expect(headerOf(text, 'Via')).to.include(` ${here}:${listening[1]!.port};`);
    expect(headerOf(text, 'Contact')).to.equal(`<sip:${here}:${listening[1]!.port};transport=tcp>`);
  });

  it('that are a wildcard are told to a caller by the address in his network', async () => {
    const { listening } = await engineOn('udp/0.0.0.0:0');
    const peer = await udpPeer();
    const answer = peer.next();
    peer.socket.send(requestText({ method: 'INVITE' }).replace('branch', 'rport;branch'), listening[0]!.port, here);
    expect(headerOf(String((await answer)[0]), 'Contact')).to.equal(`<sip:${here}:${listening[0]!.port}>`);
  });

  it('go by their order where several are in that network, or none is', () => {
    const timers = new Timers(systemClock);
    closing.push(() => timers.close());
    const own = new OwnAddresses(timers);
    const at = (host: string): { wanted: { host: string } } => ({ wanted: { host } });
    const chosen = (...hosts: string[]): string | undefined => own.listenerTo(hosts.map(at), here)?.wanted.host;
    const [beside = here] = besideLoopback();
    expect(chosen(elsewhere, here)).to.equal(here);
    expect(chosen(elsewhere, '0.0.0.0', here)).to.equal('0.0.0.0');
    expect(chosen(elsewhere, '127.0.0.3')).to.equal(elsewhere);
    expect(chosen(beside, here)).to.equal(beside);
    expect(chosen()).to.equal(undefined);
  });
});

function besideLoopback(): readonly string[] {
  const lists = Object.values(networkInterfaces()).filter((list) => list?.some(({ address }) => address === here));
  return lists.flatMap((list) => (list ?? []).map(({ address }) => address).filter((address) => address !== here));
}
