import { expect } from 'chai';
import { once } from 'node:events';
import { connect } from 'node:net';
import { defaultRestLimits, type RestDeps } from '../../lib/rest/deps.js';
import { startRest } from '../../lib/rest/listen.js';
import { type Face, messages, openFace } from './fake-gateway.js';

const head = (path: string, more: string) =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer key-a\r\nContent-Type: application/json\r\n${more}\r\n`;

describe('rest: limits of the server', () => {
  let face: Face;
  afterEach(() => face.close());

  /** A face whose GET of a status is answered, with 404, once it is released. */
  async function openHeld(
    overrides: Partial<RestDeps> = {},
  ): Promise<{ readonly release: () => void; readonly reached: Promise<void> }> {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let begun: () => void = () => undefined;
    const reached = new Promise<void>((resolve) => (begun = resolve));
    face = await openFace();
    const actions = face.gateway.actions();
    await face.close();
    const status = () => {
      begun();
      return held.then(() => undefined);
    };
    face = await openFace({ actions: { ...actions, status }, ...overrides });
    return { release, reached };
  }

  it('headers that never end: 408 and closed', async () => {
    face = await openFace({ limits: { ...defaultRestLimits, headersTimeoutMs: 100, requestTimeoutMs: 200 } });
    const reply = await face.raw('POST / HTTP/1.1\r\nHost: x\r\nX-Slow:');
    expect(reply)
      .to.match(/^HTTP\/1.1 408 Request Timeout/)
      .and.to.contain('"SVC0001"');
  });

  it('a body that never ends: 408 and closed', async () => {
    face = await openFace({ limits: { ...defaultRestLimits, headersTimeoutMs: 100, requestTimeoutMs: 200 } });
    const reply = await face.raw(`${head(messages, 'Content-Length: 100\r\n')}{`);
    expect(reply).to.match(/^HTTP\/1.1 408 Request Timeout/);
    expect(face.gateway.sent).to.have.length(0);
  });

  it('what is not HTTP, and headers beyond the limit', async () => {
    face = await openFace();
    expect(await face.raw('INVITE sip:x SIP/2.0\r\n\r\n')).to.match(/^HTTP\/1.1 400 Bad Request[^]*requestError/);
    expect(await face.raw(`GET / HTTP/1.1\r\nX: ${'a'.repeat(20_000)}`)).to.match(/^HTTP\/1.1 431 /);
    const smuggled = head(messages, 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n');
    expect(await face.raw(`${smuggled}0\r\n\r\n`)).to.match(/^HTTP\/1.1 400 /);
  });

  const said = 'Authorization: Bearer key-a\r\nConnection: close\r\n';
  for (const [what, text, status, part] of [
    ['what is not HTTP', 'INVITE sip:x SIP/2.0\r\n\r\n', 400, 'SVC0001'],
    ['headers beyond the limit', `GET / HTTP/1.1\r\nX: ${'a'.repeat(20_000)}`, 431, 'SVC0001'],
    ['no Host', `GET /x HTTP/1.1\r\n${said}\r\n`, 400, '"Host"'],
    ['two Hosts', `GET /docs/ HTTP/1.1\r\nHost: a\r\nhost: a\r\n${said}\r\n`, 400, '"Host"'],
    ['two Hosts in HTTP/1.0', `GET /docs/ HTTP/1.0\r\nHost: a\r\nHost: b\r\n${said}\r\n`, 400, '"Host"'],
    ['a Host that is none', `GET /docs/ HTTP/1.1\r\nHost: a b@c/d\r\n${said}\r\n`, 400, '"Host"'],
    ['another expectation', `GET /docs/ HTTP/1.1\r\nHost: a\r\nExpect: foo\r\n${said}\r\n`, 417, '"Expect"'],
  ] as const)
    it(`${what}: ${status} with Date and a requestError`, async () => {
      face = await openFace();
      const reply = await face.raw(text);
      expect(reply).to.match(new RegExp(`^HTTP/1.1 ${status} [^]*\r\nDate: \\w{3}, [^\r]* GMT\r\n`));
      expect(reply)
        .to.match(/\r\n\r\n\{"requestError":\{/)
        .and.to.contain(part);
    });

  it('no Host in HTTP/1.0, and a Host that says nothing: served', async () => {
    face = await openFace();
    for (const head10 of [`GET /docs/ HTTP/1.0\r\n`, `GET /docs/ HTTP/1.1\r\nHost:\r\n`])
      expect(await face.raw(`${head10}${said}\r\n`)).to.match(/^HTTP\/1.1 200 /);
  });

  it('a Host that names an address, a port, or any name: served', async () => {
    face = await openFace();
    for (const host of ['[::1]:8080', '192.0.2.1:8080', 'a_b.example.', 'xn--bcher-kva.example:', 'a%20b'])
      expect(await face.raw(`GET /docs/ HTTP/1.1\r\nHost: ${host}\r\n${said}\r\n`)).to.match(/^HTTP\/1.1 200 /);
  });

  it('a client that resets its connection, before or after a request, is no error', async () => {
    face = await openFace();
    for (const text of ['', 'GET / HT', 'GET /docs/ HTTP/1.1\r\nHost: x\r\n\r\n']) {
      const socket = connect(face.server.port, '127.0.0.1');
      await once(socket, 'connect');
      if (text !== '') await new Promise((resolve) => socket.write(text, resolve));
      if (text.endsWith('\r\n\r\n')) await once(socket, 'data');
      // Taken, so that there is somebody to be told.
      expect((await face.call('GET', '/docs/')).status).to.equal(200);
      socket.resetAndDestroy();
      expect((await face.call('GET', '/docs/')).status).to.equal(200);
    }
    expect(face.counted.filter((line) => line.startsWith('rest_client_errors_total'))).to.deep.equal([]);
  });

  it('headers beyond the limit that is configured', async () => {
    face = await openFace({ limits: { ...defaultRestLimits, maxHeaderBytes: 2_048 } });
    expect(await face.raw(`GET / HTTP/1.1\r\nX: ${'a'.repeat(3_000)}`)).to.match(/^HTTP\/1.1 431 /);
  });

  it('an idle connection is closed after its time', async () => {
    face = await openFace({ limits: { ...defaultRestLimits, keepAliveTimeoutMs: 50 } });
    expect(await face.raw('GET /x HTTP/1.1\r\nHost: x\r\n\r\n')).to.match(/^HTTP\/1.1 404 /);
  });

  it('connections beyond the limit are closed as they come', async () => {
    face = await openFace({ limits: { ...defaultRestLimits, maxConnections: 1 } });
    const first = connect(face.server.port, '127.0.0.1');
    await new Promise((resolve) => first.once('connect', resolve));
    expect(await face.raw('GET /x HTTP/1.1\r\nHost: x\r\n\r\n')).to.equal('');
    expect(face.counted).to.include('limit_reached_total {"limit":"rest.maxConnections"}');
    first.end('GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    const answer = await new Promise<string>((resolve) => first.once('data', (bytes) => resolve(bytes.toString())));
    expect(answer).to.match(/^HTTP\/1.1 404 /);
  });

  it('headers beyond the limit: 431, counted, and the connection ends', async () => {
    face = await openFace({ limits: { ...defaultRestLimits, maxHeaderBytes: 2000 } });
    const of = (length: number): string =>
      `GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX: ${'y'.repeat(length)}\r\n\r\n`;
    expect(await face.raw(of(1000))).to.match(/^HTTP\/1.1 404 /);
    expect(await face.raw(of(3000))).to.match(/^HTTP\/1.1 431 /);
    expect(face.counted).to.include('rest_client_errors_total {"status":"431"}');
  });

  it('too many at once: 503 with Retry-After, until one has ended', async () => {
    const { release, reached } = await openHeld({ limits: { ...defaultRestLimits, maxInFlight: 1 } });
    const first = face.call('GET', `${messages}/m/status`);
    await reached;
    let refused = await face.call('GET', `${messages}/m/status`).then(
      (reply) => reply,
      () => undefined,
    );
    expect([refused?.status, refused?.refusal, refused?.headers.get('retry-after')]).to.deep.equal([
      503,
      'SVC1000',
      '1',
    ]);
    const inXml = await face.call('GET', `${messages}/m/status`, undefined, { Accept: 'application/xml' });
    expect([inXml.status, inXml.text.includes('<common:requestError')]).to.deep.equal([503, true]);
    release();
    expect((await first).status).to.equal(404);
    refused = await face.call('GET', `${messages}/m/status`);
    expect(refused.status).to.equal(404);
  });

  it('close lets a running request end, and cuts what hangs', async () => {
    const { release, reached } = await openHeld();
    const running = face.call('GET', `${messages}/m/status`);
    await reached;
    const hanging = connect(face.server.port, '127.0.0.1');
    hanging.on('error', () => undefined);
    await new Promise<void>((resolve) => hanging.write(head(messages, 'Content-Length: 9\r\n'), () => resolve()));
    const closed = face.server.close(1000);
    release();
    expect((await running).status).to.equal(404);
    await face.clock.advance(1000);
    await closed;
    expect(await face.call('GET', '/').catch(() => 'refused')).to.equal('refused');
  });

  it('close does not wait for connections that are merely kept', async () => {
    const { release, reached } = await openHeld();
    const kept = face.raw(`GET ${messages}/m/status HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer key-a\r\n\r\n`);
    await reached;
    const closed = face.server.close(3_600_000);
    release();
    while (face.clock.pending > 0) await face.clock.advance(100);
    await closed;
    expect(await kept).to.match(/^HTTP\/1.1 404 /);
    expect(face.clock.pending).to.equal(0);
  });

  it('a port that is taken rejects', async () => {
    face = await openFace();
    const again = startRest({ limits: defaultRestLimits } as never, { host: '127.0.0.1', port: face.server.port });
    expect(await again.catch((error: unknown) => (error as NodeJS.ErrnoException).code)).to.be.oneOf(['EADDRINUSE']);
  });
});
