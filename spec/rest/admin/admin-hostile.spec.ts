/** The admin face against who means no good, over raw sockets. */
import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { systemClock } from '../../../lib/clock.js';
import type { AuditEntry } from '../../../lib/log/audit.js';
import { type AdminDeps, type AdminFace, defaultAdminLimits, startAdmin } from '../../../lib/rest/admin/admin.js';
import { createTraceRing } from '../../../lib/trace/ring.js';
import { traceView } from '../../../lib/trace/view.js';
import { FakeClock } from '../../support/fake-clock.js';
import { silentLog, silentMetrics } from '../../support/silent.js';

const authorization = 'Authorization: Bearer demo-admin';

describe('admin face: hostile clients', () => {
  let face: AdminFace;
  const sockets: Socket[] = [];

  const start = async (more: Partial<AdminDeps> = {}): Promise<void> => {
    face = await startAdmin({
      host: '127.0.0.1',
      port: 0,
      key: createHash('sha256').update('demo-admin').digest('hex'),
      checks: [],
      metrics: { ...silentMetrics, expose: () => Promise.resolve('iwf_x 1\n'), contentType: 'text/plain' },
      trace: traceView(createTraceRing({ conversations: 0, eventsPerConversation: 1 })),
      limits: defaultAdminLimits,
      clock: systemClock,
      log: silentLog,
      ...more,
    });
  };
  const open = async (): Promise<Socket> => {
    const socket = connect(face.port, '127.0.0.1');
    sockets.push(socket);
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return socket;
  };
  /** All that comes until the other side closes. */
  const raw = async (text: string): Promise<string> => {
    const socket = await open();
    const closed = new Promise<string>((resolve) => {
      let all = '';
      socket.on('data', (chunk: Buffer) => (all += chunk.toString('latin1')));
      socket.on('error', () => undefined);
      socket.on('close', () => resolve(all));
    });
    socket.write(text);
    return closed;
  };
  const request = (line: string, ...headers: readonly string[]): string =>
    `${[line, 'Host: h', 'Connection: close', ...headers].join('\r\n')}\r\n\r\n`;

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await face.close();
  });

  it('who trickles headers, or a body, is cut in time', async () => {
    await start({ limits: { ...defaultAdminLimits, headersTimeoutMs: 100, requestTimeoutMs: 200 } });
    expect(await raw('GET /livez HTTP/1.1\r\nHost: h\r\nX-Slow:')).to.match(/^HTTP\/1\.1 408 /);
    const trickled = await raw(`POST /dead-letters/replay HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n{`);
    expect(trickled).to.match(/^HTTP\/1\.1 40[18] /);
  });

  it('who does not read what he asks for is cut in time', async () => {
    const clock = new FakeClock();
    const metrics = {
      expose: () => Promise.resolve('x'.repeat(200_000)),
      contentType: 'text/plain',
      count: () => undefined,
    };
    const cut: unknown[][] = [];
    await start({ clock, metrics, log: { ...silentLog, info: (...line) => void cut.push(line) } });
    const socket = await open();
    socket.on('error', () => undefined);
    socket.write('GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n'.repeat(100));
    while (cut.length === 0) await clock.advance(1000);
    expect(cut).to.deep.equal([['admin client cut', { reason: 'unread' }]]);
  });

  it('an idle connection is closed after its time', async () => {
    await start({ limits: { ...defaultAdminLimits, keepAliveTimeoutMs: 50 } });
    expect(await raw('GET /livez HTTP/1.1\r\nHost: h\r\n\r\n')).to.match(/^HTTP\/1\.1 200 /);
  });

  it('headers beyond the configured size are 431, what is no HTTP is 400, without a word of ours', async () => {
    await start({ limits: { ...defaultAdminLimits, maxHeaderBytes: 2_048 } });
    expect(await raw(request('GET /livez HTTP/1.1', `X: ${'x'.repeat(3_000)}`))).to.match(/^HTTP\/1\.1 431 /);
    const garbage = await raw('INVITE sip:x SIP/2.0\r\n\r\n');
    expect(garbage).to.match(/^HTTP\/1\.1 400 Bad Request\r\nConnection: close\r\n\r\n$/);
  });

  it('connections beyond the limit are closed as they come', async () => {
    await start({ limits: { ...defaultAdminLimits, maxConnections: 1 } });
    await open();
    expect(await raw(request('GET /livez HTTP/1.1'))).to.equal('');
  });

  it('no other origin is let in: no preflight is granted, no header of CORS is sent', async () => {
    await start();
    for (const [line, status] of [
      ['OPTIONS /dead-letters HTTP/1.1', 401],
      ['OPTIONS /livez HTTP/1.1', 405],
      ['GET /livez HTTP/1.1', 200],
    ] as const) {
      const answer = await raw(request(line, 'Origin: https://evil.example', 'Access-Control-Request-Method: POST'));
      expect(answer).to.match(new RegExp(`^HTTP/1\\.1 ${status} `));
      expect(answer.toLowerCase()).not.to.include('access-control');
      expect(answer.toLowerCase()).to.include("content-security-policy: default-src 'none'");
      expect(answer.toLowerCase()).to.include('cross-origin-resource-policy: same-origin');
    }
  });

  it('paths that mean something elsewhere mean nothing here', async () => {
    await start();
    const targets = [
      '/../etc/passwd',
      '//evil.example/livez',
      'http://evil.example/trace',
      '/trace/%00',
      '/%2e%2e/',
      '*',
    ];
    for (const target of targets) {
      const answer = await raw(request(`GET ${target} HTTP/1.1`, authorization));
      expect(answer, target).to.match(/^HTTP\/1\.1 (400|404) /);
      expect(answer, target).not.to.match(/root:|at .*\.js:\d+/);
    }
  });

  it('two requests cannot be smuggled as one', async () => {
    await start();
    const both =
      'POST /dead-letters/replay HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n';
    expect(await raw(`${both}0\r\n\r\nGET /metrics HTTP/1.1\r\nHost: h\r\n\r\n`)).to.match(/^HTTP\/1\.1 400 /);
  });

  it('guessing is answered ever more slowly, then 429 even for the right key of that address; each guess is noted', async () => {
    const clock = new FakeClock();
    const noted: AuditEntry[] = [];
    await start({ clock, audit: (entry) => noted.push(entry) });
    const guess = (key: string): Promise<string> => raw(request('GET /trace HTTP/1.1', `Authorization: Bearer ${key}`));
    for (let count = 0; count < 5; count++) expect(await guess('x')).to.match(/^HTTP\/1\.1 401 /);
    const held = Array.from({ length: 8 }, () => guess('x'));
    while (clock.pending < 8) await new Promise((resolve) => setImmediate(resolve));
    expect(await guess('demo-admin')).to.match(/^HTTP\/1\.1 429 [^]*retry-after: 5/i);
    await clock.advance(10_000);
    for (const answer of await Promise.all(held)) expect(answer).to.match(/^HTTP\/1\.1 401 /);
    expect(await guess('demo-admin')).to.match(/^HTTP\/1\.1 200 /);
    expect(noted.filter(({ result }) => result === '401')).to.have.length(13);
    expect(noted.at(-1)).to.deep.equal({ actor: 'admin 127.0.0.1', action: 'GET /trace', result: '200' });
    expect(JSON.stringify(noted)).not.to.include('demo-admin');
  });

  it('a client that leaves before its answer harms nobody', async () => {
    let answer: (text: string) => void = () => undefined;
    await start({
      metrics: {
        ...silentMetrics,
        expose: () => new Promise((resolve) => (answer = resolve)),
        contentType: 'text/plain',
      },
    });
    const socket = await open();
    const gone = new Promise((resolve) => socket.once('close', resolve));
    socket.write('GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n', () => socket.destroy());
    await gone;
    answer('late');
    expect(await raw(request('GET /livez HTTP/1.1'))).to.match(/^HTTP\/1\.1 200 /);
  });
});
