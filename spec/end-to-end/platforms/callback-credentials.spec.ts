/** What a gateway shows to a platform that asks who calls it back: a bearer token, a certificate. */
import { expect } from 'chai';
import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { TLSSocket } from 'node:tls';
import { until } from '../../notify/harness.js';
import { Authority } from '../../support/certificates.js';
import { bot, key, startWorld, type World } from '../world.js';

interface Call {
  readonly headers: IncomingHttpHeaders;
  readonly client: string | undefined;
}

describe('callbacks to a platform that asks for credentials', () => {
  let authority: Authority;
  let server: Server;
  let world: World;
  let url: string;
  const calls: Call[] = [];

  before(async () => {
    authority = await Authority.make('platform-ca');
    const own = await authority.issue('callbacks', ['IP:127.0.0.1']);
    const gateway = await authority.issue('gateway', ['DNS:gateway.example.net']);
    const { cert, key: keyOfServer } = own;
    const asking = { cert, key: keyOfServer, ca: authority.ca, requestCert: true, rejectUnauthorized: true };
    server = createServer(asking, (request, response) => {
      const { headers, socket } = request;
      calls.push({
        headers,
        client: socket instanceof TLSSocket ? String(socket.getPeerCertificate().subject.CN) : undefined,
      });
      request.resume();
      response.writeHead(204).end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/notify`;
    const tls = { ca: authority.caFile, cert: gateway.certFile, key: gateway.keyFile };
    const notify = { allow: ['127.0.0.1'], bearer: 'a-token-of-the-platform', tls };
    world = await startWorld({ platform: { notify }, subscribe: false });
  });
  after(async () => {
    await world.stop();
    server.closeAllConnections();
    server.close();
    authority.remove();
  });

  it('show its token, and the certificate that it trusts; its own is verified [IWF-1727]', async () => {
    const subscribed = await fetch(`${world.serverRoot}/chat/v1/${encodeURIComponent(bot)}/subscriptions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ chatNotificationSubscription: { callbackReference: { notifyURL: url } } }),
    });
    expect(subscribed.status).to.equal(201);
    await world.phone.send(bot, 'who is there?');
    await until(() => calls.length > 0);
    expect(calls[0]?.client).to.equal('gateway');
    expect(calls[0]?.headers.authorization).to.equal('Bearer a-token-of-the-platform');
  });
});
