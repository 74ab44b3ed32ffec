/** Requests that come before the answers to those before them (RFC 9112 §9.3.2), over real sockets. */
import { expect } from 'chai';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { defaultRestLimits, type RestLimits } from '../../lib/rest/deps.js';
import { botPath, type Face, openFace } from './fake-gateway.js';

const page = 'GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n';
const list = `GET /chat/v1/${botPath}/subscriptions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer key-a\r\n\r\n`;
const last = (text: string): string => text.replace('Host: x', 'Host: x\r\nConnection: close');

describe('rest: pipelined requests [IWF-1725]', () => {
  let face: Face;
  const sockets: Socket[] = [];
  const open = async (limits: Partial<RestLimits> = {}): Promise<void> => {
    face = await openFace({ limits: { ...defaultRestLimits, ...limits } });
  };
  /** Where no request comes to its end; says how many were begun. */
  const openHanging = async (limits: Partial<RestLimits> = {}): Promise<() => number> => {
    let begun = 0;
    const authenticate = (): Promise<never> => {
      begun++;
      return new Promise(() => undefined);
    };
    face = await openFace({ authenticate, limits: { ...defaultRestLimits, ...limits } });
    return () => begun;
  };
  const send = (text: string): Socket => {
    const socket = connect(face.server.port, '127.0.0.1').on('error', () => undefined);
    sockets.push(socket);
    socket.write(text);
    return socket;
  };
  const cut = '{"limit":"rest.maxPipelined"}';

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await face.close();
  });

  it('a thousand at once are answered, each in its place', async () => {
    await open();
    const paths = Array.from({ length: 1_000 }, (_, at) => list.replace('/subscriptions', `/subscriptions/s${at}`));
    const answers = (await face.raw(paths.join('') + last(list))).split('HTTP/1.1 ').slice(1);
    expect(answers).to.have.length(1_001);
    answers.slice(0, -1).forEach((answer, at) => expect(answer).to.include(`"s${at}"`));
    expect(answers.at(-1)).to.match(/^200 /);
  });

  it('those of a client that has said all that it will are answered, too', async () => {
    await open();
    const socket = connect({ port: face.server.port, host: '127.0.0.1', allowHalfOpen: true });
    sockets.push(socket);
    socket.end(`GET /${'x'.repeat(7_000)} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(300));
    const answers = String(Buffer.concat(await socket.toArray()));
    expect(answers.split('HTTP/1.1 404 ')).to.have.length(301);
  });

  it('nothing further is read of who has some waiting', async () => {
    const asked = await openHanging({ maxPipelined: 1_000 });
    // Some 20 MB: more than the system takes for who does not read.
    const socket = send(list.replace('Host', `X: ${'x'.repeat(10_000)}\r\nHost`).repeat(2_000));
    expect((await face.call('GET', '/docs/')).status).to.equal(200);
    expect(asked()).to.equal(4);
    expect(socket.writableLength).to.be.above(0);
    expect(face.counted.filter((line) => line.endsWith(cut))).to.deep.equal([]);
  });

  it('a few of one connection are worked on at once', async () => {
    const asked = await openHanging();
    send(list.repeat(300));
    expect((await face.call('GET', '/docs/')).status).to.equal(200);
    expect(asked()).to.equal(4);
  });

  it('another client is served between them, not after', async () => {
    await open();
    send('GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(800)).resume();
    expect((await face.call('GET', '/docs/')).status).to.equal(200);
    expect(face.counted.filter((line) => line.includes('404'))).to.have.length.below(800);
  });

  it('beyond those of all connections that may wait, who sends more is cut, and the others are served', async () => {
    const asked = await openHanging({ maxPipelined: 20 });
    send(list.repeat(20));
    await once(send(list.repeat(300)).resume(), 'close');
    expect(face.counted.filter((line) => line.endsWith(cut))).to.have.length(1);
    expect(asked()).to.equal(8);
    expect((await face.call('GET', '/docs/')).status).to.equal(200);
  });

  it('those that waited on a connection that has closed wait no more', async () => {
    await open({ maxPipelined: 300 });
    for (let times = 0; times < 3; times++) {
      const socket = send(page.repeat(250)).pause();
      await once(socket, 'connect');
      expect((await face.call('GET', '/docs/')).status).to.equal(200);
      socket.destroy();
      await once(socket, 'close');
      expect((await face.call('GET', '/docs/')).status).to.equal(200);
    }
    expect(face.counted.filter((line) => line.endsWith(cut))).to.deep.equal([]);
  });
});
