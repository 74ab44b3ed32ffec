/** SIP over TLS: who we are, who they are, and what becomes of those who do not say (RFC 3261 §26.3.1, RFC 5922). */
import { expect } from 'chai';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import {
  connect as connectTls,
  createServer as createTlsServer,
  type ConnectionOptions,
  type TLSSocket,
} from 'node:tls';
import type { Address, Engine, ServerTransaction } from '../../../lib/sip-engine/api.js';
import { createEngine, type EngineOptions } from '../../../lib/sip-engine/engine.js';
import type { TlsMaterial } from '../../../lib/sip-engine/transport/tls.js';
import { Authority, type Certificate } from '../../support/certificates.js';
import { respondTo } from '../../sip/raw-peer.js';
import { requestText } from '../transaction/scripted-transport.js';

const OK = { status: 200, headers: [] };

describe('SIP over TLS', () => {
  const closing: (() => unknown)[] = [];
  let authority: Authority;
  let other: Authority;
  let ours: Certificate;
  let domain: Certificate;
  let stranger: Certificate;

  before(async () => {
    [authority, other] = await Promise.all([Authority.make('operators'), Authority.make('others')]);
    [ours, domain, stranger] = await Promise.all([
      authority.issue('ours', ['IP:127.0.0.1']),
      authority.issue('domain', ['DNS:pcscf.example.net', 'URI:sip:sbc.example.net']),
      other.issue('stranger', ['DNS:sbc.example.net', 'IP:127.0.0.1']),
    ]);
  });
  after(() => {
    authority.remove();
    other.remove();
  });
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  function material({ cert, key }: Certificate, more: Partial<TlsMaterial> = {}): TlsMaterial {
    return { cert, key, ca: authority.ca, clientCertificates: 'required', ...more };
  }

  interface Stage {
    readonly engine: Engine;
    readonly address: Address;
    readonly requests: ServerTransaction[];
    readonly counted: string[];
  }

  async function stage(tls: TlsMaterial | undefined, options: Partial<EngineOptions> = {}): Promise<Stage> {
    const requests: ServerTransaction[] = [];
    const counted: string[] = [];
    const engine = createEngine({
      listen: [tls ? 'tls/127.0.0.1:0' : 'udp/127.0.0.1:0'],
      ...(tls && { tls }),
      count: (name, labels) => void counted.push([name, ...Object.values(labels ?? {})].join(' ')),
      ...options,
    });
    await engine.start({
      onRequest: (transaction) => {
        requests.push(transaction);
        transaction.respond(OK);
      },
      onAck: () => undefined,
      onCancel: () => undefined,
      onBye: () => undefined,
    });
    closing.push(() => engine.close());
    const [address] = engine.listening;
    if (!address) throw new Error('it does not listen');
    return { engine, address, requests, counted };
  }

  /** Status of the answer to a MESSAGE. */
  function ask({ engine }: Stage, uri: string): Promise<number> {
    const draft = { method: 'MESSAGE', uri, headers: [] };
    return new Promise((resolve, reject) => {
      engine.send(draft, { onResponse: (response) => resolve(response.status ?? 0) }).catch(reject);
    });
  }

  function client(port: number, options: ConnectionOptions): TLSSocket {
    const socket = connectTls({ port, host: '127.0.0.1', ca: authority.ca, ...options });
    socket.on('error', () => undefined);
    closing.push(() => socket.destroy());
    return socket;
  }

  async function answerTo(socket: Socket, text: string): Promise<string> {
    socket.write(text);
    return String((await once(socket, 'data'))[0]);
  }

  /** A server that closes behind each answer; its port. */
  async function answeringOnce(onSecure: (socket: TLSSocket) => void): Promise<number> {
    const { cert, key } = domain;
    const server = createTlsServer({ cert, key }, (socket) => {
      onSecure(socket);
      socket.on('error', () => undefined);
      socket.once('data', (bytes: Buffer) => socket.end(respondTo(bytes.toString(), '200 OK')));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    closing.push(() => server.close());
    return (server.address() as AddressInfo).port;
  }

  const closed = (socket: Socket): Promise<void> =>
    new Promise((resolve) => socket.resume().once('close', () => resolve()));

  const counted = async ({ counted: all }: Stage, what: string): Promise<void> => {
    while (!all.includes(what)) await new Promise((resolve) => setImmediate(resolve));
  };

  it('carries a request and its answer between two who know each other, on one connection', async () => {
    const [caller, callee] = [await stage(material(ours)), await stage(material(ours))];
    const uri = `sip:a@127.0.0.1:${callee.address.port};transport=tls`;
    expect(await ask(caller, uri)).to.equal(200);
    expect(await ask(caller, uri)).to.equal(200);
    const [first, second] = callee.requests;
    expect(first?.request.header('Via')).to.match(/^SIP\/2\.0\/TLS 127\.0\.0\.1:/);
    expect(first?.source).to.include({ protocol: 'tls', host: '127.0.0.1' });
    expect(second?.source.port).to.equal(first?.source.port);
  });

  it('names itself with its transport in Contact, also where the application says localhost', async () => {
    const [caller, callee] = [await stage(material(ours)), await stage(material(ours))];
    const uri = `sip:a@127.0.0.1:${callee.address.port};transport=tls`;
    for (const headers of [[], [['Contact', '<sip:bot@localhost>;+g.x'] as const]]) {
      await caller.engine.send({ method: 'INVITE', uri, headers }, { onResponse: () => undefined });
    }
    while (callee.requests.length < 2) await new Promise((resolve) => setImmediate(resolve));
    const here = `127.0.0.1:${caller.address.port};transport=tls`;
    expect(callee.requests.map(({ request }) => request.header('Contact'))).to.deep.equal([
      `<sip:${here}>`,
      `<sip:bot@${here}>;+g.x`,
    ]);
  });

  describe('whom it calls', () => {
    /** All names are this machine. */
    const dns = { addresses: () => Promise.resolve(['127.0.0.1']), srv: () => Promise.resolve([]) };

    for (const [name, status] of [
      ['pcscf.example.net', 200],
      ['sbc.example.net', 200],
      ['SBC.example.NET', 200],
      ['example.net', 503],
      ['127.0.0.1', 503],
    ] as const) {
      it(`${name}: ${status}, by the names of the certificate that is shown there`, async () => {
        const callee = await stage(material(domain, { clientCertificates: 'optional' }));
        const caller = await stage(material(ours), { dns });
        expect(await ask(caller, `sips:a@${name}:${callee.address.port}`)).to.equal(status);
        expect(callee.requests).to.have.length(status === 200 ? 1 : 0);
      });
    }

    it('is, by his address, who has proven a domain there: on the same connection, or on a new one', async () => {
      const callee = await stage(material(domain, { clientCertificates: 'optional' }));
      const caller = await stage(material(ours), { dns });
      const byAddress = `sip:a@127.0.0.1:${callee.address.port};transport=tls`;
      expect(await ask(caller, `sips:a@pcscf.example.net:${callee.address.port}`)).to.equal(200);
      expect(await ask(caller, byAddress)).to.equal(200);
      expect(new Set(callee.requests.map(({ source }) => source.port)).size).to.equal(1);

      const asked: (string | false)[] = [];
      const other = await answeringOnce((socket) => asked.push(socket.servername ?? false));
      expect(await ask(caller, `sips:a@pcscf.example.net:${other}`)).to.equal(200);
      expect(await ask(caller, `sip:a@127.0.0.1:${other};transport=tls`)).to.equal(200);
      expect(asked).to.deep.equal(['pcscf.example.net', 'pcscf.example.net']);
    });

    it('is, by his address, who is trusted by a name of his certificate', async () => {
      const callee = await stage(material(domain, { clientCertificates: 'optional' }));
      const caller = await stage(material(ours), { trustedNames: ['other.example.net', 'sbc.example.net'] });
      expect(await ask(caller, `sip:a@127.0.0.1:${callee.address.port};transport=tls`)).to.equal(200);
    });

    for (const [name, heard] of [
      ['sbc.example.net', 1],
      ['pcscf.example.net', 0],
    ] as const) {
      it(`and what comes back from ${name} is heard (${heard}) as if he had called, where his name alone is trusted`, async () => {
        const callee = await stage(material(domain, { clientCertificates: 'none' }));
        const trust = { trusted: () => false, trustedNames: [name === 'sbc.example.net' ? name : 'other.example.net'] };
        const caller = await stage(material(ours), { dns, ...trust });
        expect(await ask(caller, `sips:a@${name}:${callee.address.port}`)).to.equal(200);
        const { source } = callee.requests[0] ?? {};
        const draft = { method: 'MESSAGE', uri: `sip:b@127.0.0.1:${source?.port ?? 0};transport=tls`, headers: [] };
        await callee.engine.send(draft, { onResponse: () => undefined });
        await counted(caller, heard ? 'sip_requests_total inbound MESSAGE 200' : 'sip_untrusted_total tls');
        expect(caller.requests).to.have.length(heard);
      });
    }

    it('is nobody whose certificate an unknown authority has signed', async () => {
      const callee = await stage(material(stranger, { ca: other.ca, clientCertificates: 'none' }));
      const caller = await stage(material(ours), { dns });
      expect(await ask(caller, `sips:a@sbc.example.net:${callee.address.port}`)).to.equal(503);
      expect(caller.counted).to.include('sip_unreachable_total tls');
    });

    it('is not waited for where he takes the connection and says nothing: 503 in time', async () => {
      const silent = createServer((socket) => void closing.push(() => socket.destroy()));
      silent.listen(0, '127.0.0.1');
      await once(silent, 'listening');
      closing.push(() => silent.close());
      const { port } = silent.address() as AddressInfo;
      const caller = await stage(material(ours), { limits: { connectMs: 100 } });
      expect(await ask(caller, `sips:a@127.0.0.1:${port}`)).to.equal(503);
      expect(caller.counted).to.include('sip_unreachable_total tls');
    });

    it('may be called without a certificate of ours, where none is asked for', async () => {
      const callee = await stage(material(ours, { clientCertificates: 'none' }));
      // The authority is not a public one: who has no list of his own does not believe it.
      expect(await ask(await stage(undefined), `sips:a@127.0.0.1:${callee.address.port}`)).to.equal(503);
    });

    it('has 5061 for its port, and _sips._tcp for its service', async () => {
      const asked: string[] = [];
      const listening = {
        addresses: (host: string) => Promise.resolve(host === 'deep.example.net' ? ['127.0.0.1'] : []),
        srv: (name: string) => {
          asked.push(name);
          return Promise.resolve([{ name: 'deep.example.net', port: callee.address.port, priority: 1, weight: 1 }]);
        },
      };
      const callee = await stage(material(domain, { clientCertificates: 'optional' }));
      const caller = await stage(material(ours), { dns: listening });
      expect(await ask(caller, 'sips:a@sbc.example.net'), 'the domain counts, not its host').to.equal(200);
      expect(asked).to.deep.equal(['_sips._tcp.sbc.example.net']);
      const draft = { method: 'OPTIONS', uri: 'sips:a@192.0.2.1', headers: [] };
      const closed = createEngine({ listen: ['udp/127.0.0.1:0'], limits: { connectMs: 1 } });
      await closed.start({
        onRequest: () => undefined,
        onAck: () => undefined,
        onCancel: () => undefined,
        onBye: () => undefined,
      });
      closing.push(() => closed.close());
      const { sent } = await closed.send(draft, { onResponse: () => undefined });
      expect(sent.remote).to.include({ protocol: 'tls', port: 5061 });
    });
  });

  describe('who calls', () => {
    it('without the certificate that is required is not let in', async () => {
      const on = await stage(material(ours));
      for (const options of [{}, { cert: stranger.cert, key: stranger.key }]) {
        const socket = client(on.address.port, options);
        await closed(socket);
      }
      await counted(on, 'sip_tcp_closed_total handshake');
      expect(on.counted.filter((what) => what === 'sip_tcp_closed_total handshake')).to.have.length(2);
      expect(on.requests).to.deep.equal([]);
    });

    it('and is only a check of the port is nobody whose handshake has failed', async () => {
      const on = await stage(material(ours));
      const socket = connect(on.address.port, '127.0.0.1', () => socket.end());
      await counted(on, 'sip_tcp_closed_total gone');
      expect(on.counted).not.to.include('sip_tcp_closed_total handshake');
    });

    it('from an address that is not trusted has to be named by his certificate', async () => {
      const on = await stage(material(ours), { trusted: () => false, trustedNames: ['sbc.example.net'] });
      const text = requestText({ method: 'MESSAGE' });
      const known = client(on.address.port, { cert: domain.cert, key: domain.key });
      expect(await answerTo(known, text)).to.match(/^SIP\/2\.0 200 /);
      const nobody = client(on.address.port, { cert: ours.cert, key: ours.key });
      nobody.write(text);
      await closed(nobody);
      await counted(on, 'sip_untrusted_total tls');
      expect(on.requests).to.have.length(1);
    });

    it('is not named by the CN of a certificate that has other names (RFC 5922 §7.1), but by one that has none', async () => {
      const trust = { trusted: () => false, trustedNames: ['pbx.example.net'] };
      const on = await stage(material(ours), trust);
      const [named, bare] = [
        await authority.issue('pbx.example.net', ['URI:sip:other.example.net', 'IP:127.0.0.1']),
        await authority.issue('pbx.example.net', []),
      ];
      const stranger = client(on.address.port, { cert: named.cert, key: named.key });
      stranger.write(requestText({ method: 'MESSAGE' }));
      await closed(stranger);
      await counted(on, 'sip_untrusted_total tls');
      const known = client(on.address.port, { cert: bare.cert, key: bare.key });
      expect(await answerTo(known, requestText({ method: 'MESSAGE' }))).to.match(/^SIP\/2\.0 200 /);
      expect(on.requests).to.have.length(1);
    });

    it('and shows a name that no authority of ours vouches for is as one without', async () => {
      const trust = { trusted: () => false, trustedNames: ['sbc.example.net'] };
      const on = await stage(material(ours, { clientCertificates: 'optional' }), trust);
      for (const options of [{}, { cert: stranger.cert, key: stranger.key }]) {
        const socket = client(on.address.port, options);
        await closed(socket);
      }
      expect(on.counted.filter((what) => what === 'sip_untrusted_total tls')).to.have.length(2);
    });

    it('where no name is trusted is refused by his address before any handshake', async () => {
      const on = await stage(material(ours), { trusted: () => false });
      const socket = connect(on.address.port, '127.0.0.1');
      socket.on('error', () => undefined);
      await closed(socket);
      expect(on.counted).to.deep.equal(['sip_untrusted_total tls']);
    });

    it('and never finishes the handshake is cut off, and counts among the connections until then', async () => {
      const limits = { messageMs: 120, maxConnectionsPerSource: 1 };
      const on = await stage(material(ours), { limits });
      const silent = connect(on.address.port, '127.0.0.1');
      closing.push(() => silent.destroy());
      await once(silent, 'connect');
      const second = connect(on.address.port, '127.0.0.1');
      second.on('error', () => undefined);
      await closed(second);
      await counted(on, 'sip_tcp_closed_total connections_per_source');
      await closed(silent);
      await counted(on, 'sip_tcp_closed_total handshake');
      const third = client(on.address.port, { cert: domain.cert, key: domain.key });
      expect(await answerTo(third, requestText({ method: 'MESSAGE' }))).to.match(/^SIP\/2\.0 200 /);
    });

    it('in plain text is no one', async () => {
      const on = await stage(material(ours));
      const socket = connect(on.address.port, '127.0.0.1');
      socket.on('error', () => undefined).resume();
      socket.write(requestText({ method: 'MESSAGE' }));
      await closed(socket);
      expect(on.requests).to.deep.equal([]);
    });
  });

  it('takes new certificates while it runs: for new connections, and none that cannot be read', async () => {
    const on = await stage(material(ours));
    const shown = async (): Promise<string> => {
      const socket = client(on.address.port, {
        cert: domain.cert,
        key: domain.key,
        checkServerIdentity: () => undefined,
      });
      await once(socket, 'secureConnect');
      return socket.getPeerX509Certificate()?.subject ?? '';
    };
    const before = client(on.address.port, { cert: domain.cert, key: domain.key });
    expect(await answerTo(before, requestText({ method: 'MESSAGE' }))).to.match(/^SIP\/2\.0 200 /);
    on.engine.reloadTls(material(domain));
    expect(await shown()).to.equal('CN=domain');
    expect(() => on.engine.reloadTls(material(ours, { key: domain.key }))).to.throw();
    expect(() => on.engine.reloadTls(material(ours, { cert: 'nothing' }))).to.throw();
    expect(await shown()).to.equal('CN=domain');
    const more = requestText({ method: 'MESSAGE' }).replaceAll('z9hG4bK', 'z9hG4bKmore');
    expect(await answerTo(before, more), 'what stands goes on').to.match(/^SIP\/2\.0 200 /);
  });

  it('does not listen without a certificate', async () => {
    const engine = createEngine({ listen: ['tls/127.0.0.1:0'] });
    closing.push(() => engine.close());
    const starting = engine.start({
      onRequest: () => undefined,
      onAck: () => undefined,
      onCancel: () => undefined,
      onBye: () => undefined,
    });
    expect(await starting.catch((error: unknown) => String(error))).to.equal('Error: TLS needs a certificate');
  });
});
