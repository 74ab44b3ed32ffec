/** The admin face over real sockets: who may ask what, and what readiness says. */
import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { defaultAdminLimits, startAdmin, type AdminDeps, type AdminFace } from '../../../lib/rest/admin/admin.js';
import type { ReadyCheck } from '../../../lib/rest/admin/readiness.js';
import { createTraceRing } from '../../../lib/trace/ring.js';
import { traceView } from '../../../lib/trace/view.js';
import { systemClock } from '../../../lib/clock.js';
import { silentMetrics } from '../../support/silent.js';
import { FakeClock } from '../../support/fake-clock.js';

const key = createHash('sha256').update('demo-admin').digest('hex');
const credential = { Authorization: 'Bearer demo-admin' };
const silent = () => undefined;

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

describe('admin face', () => {
  const faces: AdminFace[] = [];
  afterEach(async () => {
    for (const face of faces.splice(0)) await face.close();
  });

  const base: AdminDeps = {
    host: '127.0.0.1',
    port: 0,
    checks: [],
    metrics: { ...silentMetrics, expose: () => Promise.resolve('iwf_x 1\n'), contentType: 'text/plain; version=0.0.4' },
    trace: traceView(createTraceRing({ conversations: 0, eventsPerConversation: 1 })),
    limits: defaultAdminLimits,
    clock: new FakeClock(),
    log: { debug: silent, info: silent, warn: silent, error: silent },
  };

  async function startWith(deps: AdminDeps): Promise<AdminFace> {
    const face = await startAdmin(deps);
    faces.push(face);
    return face;
  }

  const start = (deps: Partial<AdminDeps> = {}) => startWith({ ...base, key, ...deps });

  function ask(
    face: AdminFace,
    path: string,
    options: { method?: string; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const request = httpRequest(
        { host: '127.0.0.1', port: face.port, path, agent: false, ...options },
        (response) => {
          let body = '';
          response.on('data', (chunk: Buffer) => (body += chunk.toString()));
          response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
        },
      );
      request.on('error', reject).end();
    });
  }

  const check = (name: string, result: Awaited<ReturnType<ReadyCheck['check']>>): ReadyCheck => ({
    name,
    check: () => result,
  });

  describe('without credential on loopback', () => {
    it('says that it lives, and gives its metrics', async () => {
      const face = await start();
      expect(await ask(face, '/livez')).to.include({ status: 200 });
      const { status, headers, body } = await ask(face, '/metrics');
      expect({ status, type: headers['content-type'], body }).to.deep.equal({
        status: 200,
        type: 'text/plain; version=0.0.4',
        body: 'iwf_x 1\n',
      });
    });

    it('answers these also where no key is configured, and nothing else', async () => {
      const face = await startWith(base);
      expect((await ask(face, '/livez')).status).to.equal(200);
      expect((await ask(face, '/trace', { headers: credential })).status).to.equal(401);
    });

    it('asks for one elsewhere, whether the path exists or not', async () => {
      const face = await start();
      for (const path of ['/trace', '/trace/conv', '/', '/nothing', '//', '/livez/']) {
        const { status, headers, body } = await ask(face, path);
        expect(status, path).to.equal(401);
        expect(body).to.include('Authorization: Bearer').and.include('admin.key');
        expect(headers['www-authenticate']).to.equal('Bearer realm="admin"');
      }
    });
  });

  it('takes the key as Bearer alone, in any case of the scheme', async () => {
    const face = await start({ clock: systemClock });
    const statusWith = async (authorization: string) =>
      (await ask(face, '/trace', { headers: { Authorization: authorization } })).status;
    expect(await statusWith('Bearer demo-admin')).to.equal(200);
    expect(await statusWith('bearer demo-admin')).to.equal(200);
    for (const wrong of [
      'Bearer demo',
      'Basic demo-admin',
      `Bearer ${key}`,
      'Bearer',
      'demo-admin',
      'Bearer demo-admin x',
    ]) {
      expect(await statusWith(wrong), wrong).to.equal(401);
    }
  });

  describe('readiness', () => {
    const statusOf = async (checks: readonly ReadyCheck[]) => {
      const { status, body } = await ask(await start({ checks }), '/readyz');
      return { status, said: JSON.parse(body) as unknown };
    };

    it('is 200 when every check passes [IWF-1717]', async () => {
      expect(
        await statusOf([check('sip', { state: 'ok' }), check('store', { state: 'ok', detail: 'sqlite' })]),
      ).to.deep.equal({
        status: 200,
        said: {
          status: 'ready',
          checks: [
            { name: 'sip', state: 'ok' },
            { name: 'store', state: 'ok', detail: 'sqlite' },
          ],
        },
      });
    });

    it('is 200 and degraded on a store that forgets', async () => {
      const face = await start({ checks: [check('store', { state: 'degraded', detail: 'volatile' })] });
      const { status, body } = await ask(face, '/readyz');
      expect(status).to.equal(200);
      expect(JSON.parse(body)).to.include({ status: 'degraded' });
    });

    it('is 503 and names what fails, rejects or throws [IWF-1717]', async () => {
      const face = await start({
        checks: [
          check('rest', { state: 'ok' }),
          check('sip', { state: 'failed', detail: 'not connected' }),
          { name: 'store', check: () => Promise.reject(new Error('disk full')) },
          { name: 'msrp', check: () => { throw new Error('closed'); } }, // prettier-ignore
        ],
      });
      const { status, body } = await ask(face, '/readyz');
      expect(status).to.equal(503);
      expect(JSON.parse(body)).to.deep.equal({
        status: 'not ready',
        checks: [
          { name: 'rest', state: 'ok' },
          { name: 'sip', state: 'failed', detail: 'not connected' },
          { name: 'store', state: 'failed', detail: 'disk full' },
          { name: 'msrp', state: 'failed', detail: 'closed' },
        ],
      });
    });

    it('does not wait for a check that hangs', async () => {
      const clock = new FakeClock();
      const events = new EventEmitter();
      const check = () => {
        events.emit('asked');
        return new Promise<never>(silent);
      };
      const face = await start({ clock, checks: [{ name: 'store', check }] });
      const asked = once(events, 'asked');
      const answer = ask(face, '/readyz');
      await asked;
      await clock.advance(2_000);
      expect((await answer).body).to.include('no answer in time');
    });
  });

  describe('traces', () => {
    const ring = createTraceRing({ conversations: 5, eventsPerConversation: 5 });
    const view = traceView(ring);
    before(() => {
      ring.link('a/b', 'conv 1');
      ring.event({
        atMs: 0,
        border: 'sip',
        direction: 'in',
        peer: 'h:1',
        key: 'a/b',
        text: () => 'SIP/2.0 200 OK\r\n',
      });
    });

    it('are listed', async () => {
      const { body } = await ask(await start({ trace: view }), '/trace', { headers: credential });
      expect(JSON.parse(body)).to.deep.equal({
        conversations: [
          { conversation: 'conv 1', events: 1, first: '1970-01-01T00:00:00.000Z', last: '1970-01-01T00:00:00.000Z' },
        ],
      });
    });

    it('are shown as JSON, as a ladder, as text and as a capture file, by conversation or key [IWF-1815]', async () => {
      const face = await start({ trace: view });
      const json = await ask(face, '/trace/conv%201', { headers: credential });
      expect(JSON.parse(json.body)).to.deep.equal({
        conversation: 'conv 1',
        keys: ['a/b'],
        events: [
          {
            at: '1970-01-01T00:00:00.000Z',
            border: 'sip',
            direction: 'in',
            peer: 'h:1',
            key: 'a/b',
            text: 'SIP/2.0 200 OK\r\n',
          },
        ],
      });
      const ladder = await ask(face, '/trace/a%2Fb?format=ladder', { headers: credential });
      expect(ladder.headers['content-type']).to.equal('text/plain; charset=utf-8');
      expect(ladder.body).to.include('- 200 OK -');
      expect(await ask(face, '/trace/a%2Fb?format=pcap', { headers: credential })).to.nested.include({
        'headers.content-type': 'application/vnd.tcpdump.pcap',
      });
      expect((await ask(face, '/trace/a%2Fb?format=text', { headers: credential })).body).to.include(
        'sip in h:1\nSIP/2.0 200 OK',
      );
    });

    it('are 404 where unknown, 400 in an unknown form or a broken path', async () => {
      const face = await start({ trace: view });
      const statusOf = async (path: string) => (await ask(face, path, { headers: credential })).status;
      expect(await statusOf('/trace/none')).to.equal(404);
      expect(await statusOf('/trace/a%2Fb?format=html')).to.equal(400);
      expect(await statusOf('/trace/%ff')).to.equal(400);
      expect(await statusOf('/nothing')).to.equal(404);
    });
  });

  it('only reads: other methods are 405, HEAD has no body', async () => {
    const face = await start();
    const { status, headers } = await ask(face, '/livez', { method: 'POST' });
    expect({ status, allow: headers.allow }).to.deep.equal({ status: 405, allow: 'GET, HEAD' });
    expect(await ask(face, '/livez', { method: 'HEAD' })).to.include({ status: 200, body: '' });
  });

  it('answers 500 without a stack where a part fails, and lives on', async () => {
    const face = await start({
      metrics: { ...silentMetrics, expose: () => Promise.reject(new Error('hunter2')), contentType: 'text/plain' },
    });
    const { status, body } = await ask(face, '/metrics');
    expect(status).to.equal(500);
    expect(body).not.to.include('hunter2');
    expect((await ask(face, '/livez')).status).to.equal(200);
  });

  it('sends security headers with every answer', async () => {
    const { headers } = await ask(await start(), '/trace');
    expect(headers).to.include({
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'x-frame-options': 'DENY',
    });
    expect(headers['content-security-policy']).to.include("default-src 'none'");
  });

  it('refuses headers beyond 8 KiB', async () => {
    const face = await start();
    const socket = connect(face.port, '127.0.0.1');
    socket.write(`GET /livez HTTP/1.1\r\nHost: h\r\nX: ${'x'.repeat(9_000)}\r\n\r\n`);
    const answer = await new Promise<Buffer>((resolve) => socket.once('data', resolve));
    socket.destroy();
    expect(answer.toString()).to.match(/^HTTP\/1\.1 431 /);
  });

  it('says which port is taken by the system’s error', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const failure = await start({ port: (taken.address() as AddressInfo).port }).catch((error: unknown) => error);
    taken.close();
    expect(failure).to.include({ code: 'EADDRINUSE' });
  });
});
