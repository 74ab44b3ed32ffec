import { expect } from 'chai';
import type { LookupAddress } from 'node:dns';
import type { ServerResponse } from 'node:http';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { systemClock } from '../../../lib/clock.js';
import { parseAllowList } from '../../../lib/notify/callback/allow-list.js';
import { createBreakOff } from '../../../lib/notify/callback/break-off.js';
import {
  createCallbacks,
  type CallbackDeps,
  type CallbackRequest,
  type Callbacks,
} from '../../../lib/notify/callback/callback.js';
import { notifyDefaults, type NotifyOptions } from '../../../lib/notify/options.js';
import { FakeClock } from '../../support/fake-clock.js';
import { hang, startPlatform, status, until, type Platform } from '../harness.js';

const forbidden = { kind: 'forbidden' };
const timeout = { kind: 'failed', reason: 'timeout' };
const broken = { kind: 'failed', reason: 'connection' };

describe('a callback on the wire', () => {
  let platform: Platform;
  let callbacks: Callbacks;
  let addresses: string[];
  let resolved: number;

  const open = (more: Partial<CallbackDeps> = {}, options: Partial<NotifyOptions> = {}, allow?: string[]): void => {
    const entries = { allow: parseAllowList(allow ?? ['127.0.0.1', 'bot.test']), keys: [] };
    callbacks = createCallbacks({
      clock: systemClock,
      platform: (id) => (id === 'p' ? { ...entries, bearer: 'token' } : undefined),
      options: { ...notifyDefaults, ...options },
      lookup: (_hostname, _options, callback) => {
        resolved++;
        const found: LookupAddress[] = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
        const error = found.length > 0 ? null : Object.assign(new Error('ENOTFOUND'), { code: 'ENOTFOUND' });
        setImmediate(() => callback(error, found));
      },
      ...more,
    });
  };
  const post = (more: Partial<CallbackRequest> = {}): ReturnType<Callbacks['post']> =>
    callbacks.post({
      platformId: 'p',
      notifyURL: platform.url,
      notificationId: 'n1',
      contentType: 'application/json',
      body: '{"a":1}',
      ...more,
    });

  beforeEach(async () => {
    platform = await startPlatform();
    addresses = ['127.0.0.1'];
    resolved = 0;
  });

  afterEach(async () => {
    await callbacks.close();
    await platform.close();
  });

  it('is a POST with its headers, and its answer the status', async () => {
    open();
    expect(await post({ notifyURL: `${platform.url}?x=%20y` })).to.deep.equal({ kind: 'answered', status: 204 });
    const [call] = platform.calls;
    expect(call?.path).to.equal('/cb?x=%20y');
    expect(call?.headers).to.include({
      'content-type': 'application/json',
      'content-length': '7',
      'webhook-id': 'n1',
      authorization: 'Bearer token',
      host: `127.0.0.1:${platform.port}`,
    });
    expect(call?.headers).to.not.have.property('webhook-signature');
  });

  it('keeps its connections for the next', async () => {
    open();
    const ports = new Set<number | undefined>();
    platform.answer = (call, response) => {
      ports.add(response.socket?.remotePort);
      status(200)(call, response);
    };
    for (let count = 0; count < 5; count++) await post();
    // One may still be at the end of its answer when the next begins.
    expect(ports.size).to.be.at.most(2);
  });

  it('makes new connections for a platform that is renewed, and closes the old one when its callback is answered', async () => {
    open();
    const sockets: Socket[] = [];
    const held: ServerResponse[] = [];
    platform.answer = (_call, response) => {
      if (response.socket) sockets.push(response.socket);
      held.push(response);
    };
    const first = post();
    await platform.received(1);
    callbacks.renew('another');
    callbacks.renew('p');
    const second = post();
    await platform.received(2);
    expect(sockets[0]?.remotePort).to.not.equal(sockets[1]?.remotePort);
    for (const response of held) response.writeHead(204).end();
    expect([await first, await second]).to.deep.equal(
      Array.from({ length: 2 }, () => ({ kind: 'answered', status: 204 })),
    );
    await until(() => sockets[0]?.destroyed === true);
    expect(sockets[1]?.destroyed).to.equal(false);
  });

  for (const [how, endIt] of [
    ['closed', (socket: Socket) => socket.end()],
    ['reset', (socket: Socket) => socket.resetAndDestroy()],
  ] as const) {
    describe(`a kept connection that is ${how} under the request`, () => {
      /** Whose connections end at their second request; `most`: that many of them. */
      const endsKept = (most: number): void => {
        const seen = new WeakSet<Socket>();
        platform.answer = (call, response) => {
          const { socket } = response;
          if (socket && (seen.has(socket) || platform.calls.length > most)) endIt(socket);
          else status(204)(call, response);
          if (socket) seen.add(socket);
        };
      };

      /** The connection is at the end of its answer as well. */
      const postWhole = async (): Promise<void> => {
        await post();
        await new Promise((resolve) => setImmediate(resolve));
      };

      it('costs nothing: it is sent again on another', async () => {
        open();
        endsKept(10);
        await postWhole();
        expect(await post({ notificationId: 'n2' })).to.deep.equal({ kind: 'answered', status: 204 });
        expect(platform.calls.map(({ headers }) => headers['webhook-id'])).to.deep.equal(['n1', 'n2', 'n2']);
      });

      it('is sent again once', async () => {
        open();
        endsKept(1);
        await postWhole();
        expect(await post()).to.deep.equal(broken);
        expect(platform.calls).to.have.length(3);
        expect(await post()).to.deep.equal(broken);
        expect(platform.calls).to.have.length(4);
      });
    });
  }

  it('does not follow a redirect', async () => {
    open();
    platform.answer = status(307, { location: platform.url });
    expect(await post()).to.deep.equal({ kind: 'answered', status: 307 });
    expect(platform.calls).to.have.length(1);
  });

  it('gives Retry-After as it stands', async () => {
    open();
    platform.answer = status(429, { 'retry-after': '12' });
    expect(await post()).to.deep.equal({ kind: 'answered', status: 429, retryAfter: '12' });
  });

  it('waits past interim answers for the final one', async () => {
    open();
    platform.answer = (_call, response) => {
      response.writeEarlyHints({ link: '</x>; rel=preload' });
      response.writeHead(202).end();
    };
    expect(await post()).to.deep.equal({ kind: 'answered', status: 202 });
  });

  it('ends when its time is over', async () => {
    const clock = new FakeClock();
    open({ clock });
    platform.answer = hang;
    const result = post();
    await platform.received(1);
    await clock.advance(notifyDefaults.timeoutMs);
    expect(await result).to.deep.equal(timeout);
    expect(clock.pending).to.be.at.most(1); // the sweep of idle origins
  });

  it('is never sent where it was over before there was a connection', async () => {
    let connect: (() => void) | undefined;
    open({ lookup: (_name, _options, found) => (connect = () => found(null, [{ address: '127.0.0.1', family: 4 }])) });
    const over = createBreakOff();
    const notifyURL = platform.url.replace('127.0.0.1', 'bot.test');
    const result = post({ notifyURL, over });
    await until(() => connect !== undefined);
    over.end();
    expect(await result).to.deep.equal(broken);
    connect?.();
    await post({ body: '{"b":2}' });
    expect(platform.calls.map(({ body }) => body)).to.deep.equal(['{"b":2}']);
  });

  it('counts the status where the body of the answer never ends', async () => {
    const clock = new FakeClock();
    open({ clock });
    let begun = false;
    platform.answer = (_call, response) => {
      response.writeHead(200);
      response.write('x', () => (begun = true));
    };
    const result = post();
    await until(() => begun);
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(notifyDefaults.timeoutMs);
    expect(await result).to.deep.equal({ kind: 'answered', status: 200 });
  });

  it('reads no more of an answer than its limit [notify.maxAnswerBytes]', async () => {
    open({}, { maxResponseBytes: 10_000 });
    let closed = false;
    platform.answer = (_call, response) => {
      response.writeHead(200);
      response.on('close', () => (closed = true));
      const pour = (): boolean => response.write(Buffer.alloc(65_536), (error) => !error && !closed && pour());
      pour();
    };
    expect(await post()).to.deep.equal({ kind: 'answered', status: 200 });
    await until(() => closed);
  });

  it('fails where the connection is reset, refused, or speaks no HTTP', async () => {
    open();
    platform.answer = (_call, response) => void response.socket?.resetAndDestroy();
    expect(await post()).to.deep.equal(broken);
    const server = createServer((socket) =>
      socket
        .resume()
        .on('error', () => undefined)
        .end('220 mail.example ESMTP\r\n'),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    expect(await post({ notifyURL: `http://127.0.0.1:${port}/` })).to.deep.equal(broken);
    await new Promise((resolve) => server.close(resolve));
    expect(await post({ notifyURL: `http://127.0.0.1:${port}/` })).to.deep.equal(broken);
  });

  it('can be broken off', async () => {
    open();
    platform.answer = hang;
    const over = createBreakOff();
    const result = post({ over });
    await platform.received(1);
    over.end();
    expect(await result).to.deep.equal(broken);
    expect(await post({ over })).to.deep.equal(broken);
    expect(platform.calls).to.have.length(1);
  });

  it('tells a trace what crossed the border', async () => {
    const seen: unknown[] = [];
    open({ onExchange: ({ request, result }) => seen.push([request.notificationId, result]) });
    await post();
    expect(seen).to.deep.equal([['n1', { kind: 'answered', status: 204 }]]);
  });

  describe('goes to judged addresses only [IWF-1528]', () => {
    const named = (): string => platform.url.replace('127.0.0.1', 'bot.test');

    it('of a listed name, to those that are allowed', async () => {
      open();
      addresses = ['192.168.255.254', '127.0.0.1', 'fe80::1'];
      expect(await post({ notifyURL: named() })).to.deep.equal({ kind: 'answered', status: 204 });
    });

    it('not where the name points into our network now', async () => {
      open({}, {}, ['bot.test']);
      expect(await post({ notifyURL: named() })).to.deep.equal(forbidden);
      addresses = ['::ffff:127.0.0.1'];
      expect(await post({ notifyURL: named() })).to.deep.equal(forbidden);
      expect(platform.calls).to.deep.equal([]);
    });

    it('judging and connecting by one look-up', async () => {
      open();
      await post({ notifyURL: named() });
      expect(resolved).to.equal(1);
    });

    it('not to an address or name that the list does not have (any more)', async () => {
      open({}, {}, ['10.0.0.0/8']);
      expect(await post()).to.deep.equal(forbidden);
      expect(await post({ notifyURL: named() })).to.deep.equal(forbidden);
      expect(await post({ notifyURL: 'not a url' })).to.deep.equal(forbidden);
      expect(resolved).to.equal(0);
    });

    it('not for a platform that is not configured', async () => {
      open();
      expect(await post({ platformId: 'q' })).to.deep.equal(forbidden);
    });

    it('but to our own channels wherever they lie', async () => {
      open({ isOwnUrl: (url) => url === platform.url }, {}, ['10.0.0.0/8']);
      expect(await post()).to.deep.equal({ kind: 'answered', status: 204 });
    });

    it('and fails as a connection does where the name has no address', async () => {
      open();
      addresses = [];
      expect(await post({ notifyURL: named() })).to.deep.equal(broken);
    });
  });

  it('shares no connection between platforms, and keeps no more origins than its limit [notify.maxOrigins]', async () => {
    const ports = new Set<number | undefined>();
    const clock = new FakeClock();
    const entries = { allow: parseAllowList(['127.0.0.1']), keys: [] };
    open({ clock, platform: () => entries }, { maxOrigins: 1 });
    let ended = 0;
    platform.answer = (call, response) => {
      ports.add(response.socket?.remotePort);
      response.socket?.once('close', () => ended++);
      status(204)(call, response);
    };
    await post({ platformId: 'p' });
    await post({ platformId: 'q' });
    expect(ports.size).to.equal(2);
    await until(() => ended === 1);
    await clock.advance(notifyDefaults.originIdleMs);
    await until(() => ended === 2);
    expect(clock.pending).to.equal(0);
  });
});
