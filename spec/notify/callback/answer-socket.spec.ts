/** Answers of a callback that undici would take amiss, or read without end: over raw sockets. */
import { expect } from 'chai';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { type Clock, systemClock } from '../../../lib/clock.js';
import { parseAllowList } from '../../../lib/notify/callback/allow-list.js';
import { createCallbacks, type Callbacks } from '../../../lib/notify/callback/callback.js';
import type { CallbackResult } from '../../../lib/notify/callback/outcome.js';
import { notifyDefaults } from '../../../lib/notify/options.js';
import { FakeClock } from '../../support/fake-clock.js';
import { Authority } from '../../support/certificates.js';
import { until } from '../harness.js';

const broken = { kind: 'failed', reason: 'connection' };

describe('what answers a callback, octet for octet', () => {
  let callbacks: Callbacks;
  const open = (clock: Clock = systemClock, ca?: string): void => {
    const platform = { allow: parseAllowList(['127.0.0.1']), keys: [], ...(ca !== undefined && { tls: { ca } }) };
    callbacks = createCallbacks({ clock, platform: () => platform, options: notifyDefaults });
  };
  const post = (notifyURL: string): Promise<CallbackResult> =>
    callbacks.post({ platformId: 'p', notifyURL, notificationId: 'n1', contentType: 'application/json', body: '{}' });

  let authority: Authority;
  before(async () => (authority = await Authority.make('callbacks')));
  after(() => authority.remove());
  afterEach(() => callbacks.close());

  for (const [how, size] of [
    ['at once', 1_000],
    ['octet by octet', 1],
  ] as const)
    for (const [where, before] of [
      ['first', ''],
      ['behind other interim answers', 'HTTP/1.1 102 \r\n\r\nHTTP/1.1 103 Early\r\nLink: </x>\r\n\r\n'],
    ] as const)
      it(`waits past answers 100 that were not asked for (RFC 9110 §15.2), ${where}, ${how}`, async () => {
        open();
        const interim = `${before}HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 100 Go\r\nX: y\r\n\r\n`;
        const answer = `${interim}HTTP/1.1 202 \r\nContent-Length: 12\r\n\r\nHTTP/1.1 100`;
        const server = await startRaw((socket) => say(socket, answer, size));
        const { notifyURL } = server;
        for (let n = 0; n < 3; n++) expect(await post(notifyURL)).to.deep.equal({ kind: 'answered', status: 202 });
        expect(server.asked()).to.equal(3);
        await callbacks.close();
        await server.close();
      });

  for (const [what, head, unit, result] of [
    ['interim answers', '', 'HTTP/1.1 103 \r\nLink: </x>\r\n\r\n', broken],
    ['interim answers 100', '', 'HTTP/1.1 100 \r\n\r\n', broken],
    [
      'extensions of a chunk',
      'HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n1;',
      'x'.repeat(40),
      { kind: 'answered', status: 200 },
    ],
  ] as const)
    it(`reads no ${what} without end [notify.maxAnswerBytes]`, async () => {
      // Its clock stands still: no time-out ends it.
      open(new FakeClock());
      const server = await startRaw((socket) => {
        const pour = (): boolean => !socket.destroyed && socket.write(unit.repeat(1_000), (error) => !error && pour());
        socket.write(head, pour);
      });
      expect(await post(server.notifyURL)).to.deep.equal(result);
      await until(() => server.closed() === 1);
      await callbacks.close();
      await server.close();
    });

  for (const [handshakes, result] of [
    [1, { kind: 'answered', status: 204 }],
    [20, broken],
  ] as const)
    it(`a server that asks for ${handshakes} more handshakes (TLS 1.2): ${result.kind}`, async () => {
      const server = createTlsServer(
        { ...(await authority.issue('platform', ['IP:127.0.0.1'])), maxVersion: 'TLSv1.2' },
        (socket) => {
          socket.on('error', () => undefined);
          const shake = (left: number): void => {
            if (left === 0) socket.end('HTTP/1.1 204 \r\n\r\n');
            else socket.renegotiate({}, () => shake(left - 1));
          };
          socket.once('data', () => shake(handshakes));
        },
      );
      server.on('tlsClientError', () => undefined);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      open(new FakeClock(), authority.ca);
      expect(await post(`https://127.0.0.1:${(server.address() as AddressInfo).port}/`)).to.deep.equal(result);
      await callbacks.close();
      await new Promise((resolve) => server.close(resolve));
    });
});

/** A server that says what `answer` does at each request, octets and no HTTP of Node's. */
async function startRaw(answer: (socket: Socket) => void) {
  let asked = 0;
  let closed = 0;
  const server = createServer((socket) => {
    socket.setNoDelay(true).on('error', () => undefined);
    socket.on('close', () => closed++);
    socket.on('data', (bytes) => {
      if (!/^POST/.test(String(bytes))) return;
      asked++;
      answer(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    notifyURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    asked: () => asked,
    closed: () => closed,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

/** So many octets at a time. */
function say(socket: Socket, text: string, size: number): void {
  if (text.length > 0) socket.write(text.slice(0, size), () => say(socket, text.slice(size), size));
}
