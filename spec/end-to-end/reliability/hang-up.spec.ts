/** SIGHUP, whenever it comes: certificates are read again, and nothing ends. */
import { expect } from 'chai';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GatewayProcess } from '../../../scripts/crash/gateway.js';
import { pause } from '../../support/ask-again.js';
import { type EngineServer, startEngineServer } from '../../support/engine-server.js';
import { freePort } from '../../support/free-port.js';

describe('SIGHUP', () => {
  let folder: string;
  let engine: EngineServer;
  let gateway: GatewayProcess | undefined;
  /** Between gateway and engine: who connects has begun to start. */
  const door = createServer();

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'maap-iwf-hang-up-'));
    engine = await startEngineServer(['tcp/127.0.0.1:0']);
    door.listen(0, '127.0.0.1');
    await once(door, 'listening');
  });
  afterEach(async () => {
    await gateway?.kill();
    door.close();
    await engine.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('during the start does not end it, and is heard once it is over', async function () {
    this.timeout(60_000);
    const ports = { sip: 0, rest: await freePort(), msrp: await freePort(), admin: await freePort() };
    const config = {
      serverRoot: 'http://127.0.0.1:8080',
      rest: { port: ports.rest },
      admin: { port: ports.admin },
      sip: {
        engine: 'drachtio',
        drachtio: { port: (door.address() as AddressInfo).port, secret: engine.secret, connectTimeoutMs: 30_000 },
      },
      msrp: { port: ports.msrp },
      store: { path: join(folder, 'iwf.db') },
      log: { level: 'info', format: 'json' },
      platforms: [],
    };
    gateway = new GatewayProcess({ folder, ports, config });
    door.once('connection', (socket) => {
      gateway?.process?.kill('SIGHUP');
      const onwards = connect(engine.port, '127.0.0.1');
      for (const one of [socket, onwards]) one.on('error', () => undefined);
      socket.pipe(onwards).pipe(socket);
    });
    await gateway.start();
    const { logFile } = gateway;
    while (!readFileSync(logFile, 'utf8').includes('no certificates to read')) await pause();
    expect(gateway.runs).to.equal(true);
  });
});
