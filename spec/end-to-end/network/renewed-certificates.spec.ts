/** Certificates that are renewed while the gateway runs: every one of them is shown and believed anew, or the old one stays. */
import { expect } from 'chai';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:https';
import { connect, TLSSocket } from 'node:tls';
import { until } from '../../notify/harness.js';
import { Authority, type Certificate } from '../../support/certificates.js';
import { KeptLog } from '../kept-log.js';
import { offer, RawPhone } from '../raw-phone.js';
import { bot, key, startWorld, type World } from '../world.js';

const fingerprintOf = (pem: string): string => new X509Certificate(pem).fingerprint256;

describe('certificates that are read again', () => {
  let authority: Authority;
  let world: World;
  let log: KeptLog;
  /** Of all sections: the files that are renewed. */
  let inUse: Certificate;
  let renewed: Certificate;
  let old: string;

  before(async () => {
    authority = await Authority.make('ca');
    renewed = await authority.issue('renewed', ['IP:127.0.0.1']);
  });
  after(() => authority.remove());
  beforeEach(async () => {
    inUse = await authority.issue('in-use', ['IP:127.0.0.1']);
    old = fingerprintOf(inUse.cert);
    log = new KeptLog();
  });
  afterEach(() => world.stop());

  const renew = (): void => {
    copyFileSync(renewed.certFile, inUse.certFile);
    copyFileSync(renewed.keyFile, inUse.keyFile);
    world.gateway.reload();
  };
  /** Of who listens at the port. */
  const shown = async (port: number): Promise<string | undefined> => {
    const socket = connect({ port, host: '127.0.0.1', ca: authority.ca, ...renewed });
    await once(socket, 'secureConnect');
    const { fingerprint256 } = socket.getPeerX509Certificate() ?? {};
    socket.destroy();
    return fingerprint256;
  };
  const own = (): { readonly cert: string; readonly key: string } => ({ cert: inUse.certFile, key: inUse.keyFile });

  it('are those of MSRP, and SDP says the fingerprint of the one that is shown', async () => {
    world = await startWorld({ log, config: { msrp: { tls: own() } } });
    expect([await shown(world.ports.msrp), await inSdp()]).to.deep.equal([old, old]);
    renew();
    expect((await log.waitFor('certificates read'))['sections']).to.equal('msrp.tls');
    const now = fingerprintOf(renewed.cert);
    expect([await shown(world.ports.msrp), await inSdp()]).to.deep.equal([now, now]);
  });

  it('are those of REST', async () => {
    world = await startWorld({ log, subscribe: false, config: { rest: { tls: own() } } });
    expect(await shown(world.ports.rest)).to.equal(old);
    renew();
    expect((await log.waitFor('certificates read'))['sections']).to.equal('rest.tls');
    expect(await shown(world.ports.rest)).to.equal(fingerprintOf(renewed.cert));
  });

  it('stay where the new ones cannot be used: the line says which, and the others are renewed all the same', async () => {
    const broken = await authority.issue('broken', ['IP:127.0.0.1']);
    const before = fingerprintOf(broken.cert);
    const tls = { cert: broken.certFile, key: broken.keyFile };
    world = await startWorld({ log, subscribe: false, config: { rest: { tls }, msrp: { tls: own() } } });
    writeFileSync(broken.certFile, 'half a certific');
    renew();
    const line = await log.waitFor('certificates not read');
    expect(line['section']).to.equal('rest.tls');
    expect(String(line['problem'])).to.match(/^rest\.tls/);
    expect((await log.waitFor('certificates read'))['sections']).to.equal('msrp.tls');
    expect(await shown(world.ports.rest)).to.equal(before);
    expect(await shown(world.ports.msrp)).to.equal(fingerprintOf(renewed.cert));
  });

  describe('for callbacks', () => {
    let server: Server;
    const clients: (string | undefined)[] = [];

    beforeEach(async () => {
      clients.length = 0;
      const own = await authority.issue('platform', ['IP:127.0.0.1']);
      const asking = { cert: own.cert, key: own.key, ca: authority.ca, requestCert: true, rejectUnauthorized: true };
      server = createServer(asking, (request, response) => {
        const { socket } = request;
        clients.push(socket instanceof TLSSocket ? socket.getPeerX509Certificate()?.fingerprint256 : undefined);
        request.resume();
        response.writeHead(204).end();
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
    });
    afterEach(() => {
      server.closeAllConnections();
      server.close();
    });

    it('are shown at the next one, on a connection of its own', async () => {
      const notify = { allow: ['127.0.0.1'], tls: { ca: authority.caFile, ...own() } };
      world = await startWorld({ log, platform: { notify }, subscribe: false });
      await subscribe(`https://127.0.0.1:${(server.address() as AddressInfo).port}/notify`);
      await world.phone.send(bot, 'before');
      await until(() => clients.length === 1);
      renew();
      expect((await log.waitFor('certificates read'))['sections']).to.equal('platforms[spec].notify.tls');
      await world.phone.send(bot, 'after');
      await until(() => clients.length === 2);
      expect(clients).to.deep.equal([old, fingerprintOf(renewed.cert)]);
    });
  });

  async function inSdp(): Promise<string | undefined> {
    const phone = await RawPhone.of(world);
    const body = offer()
      .replace('TCP/MSRP', 'TCP/TLS/MSRP')
      .replace('a=setup', `a=fingerprint:SHA-256 ${fingerprintOf(renewed.cert)}\r\na=setup`)
      .replace('msrp:', 'msrps:');
    const answer = await phone.invite({ body });
    phone.close();
    return /^a=fingerprint:sha-256 (\S+)/im.exec(answer.body)?.[1];
  }

  async function subscribe(notifyURL: string): Promise<void> {
    const answer = await fetch(`${world.serverRoot}/chat/v1/${encodeURIComponent(bot)}/subscriptions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ chatNotificationSubscription: { callbackReference: { notifyURL } } }),
    });
    expect(answer.status).to.equal(201);
  }
});
