import { expect } from 'chai';
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { PeerError } from '../../lib/errors.js';
import type { RemoteEnd } from '../../lib/msrp/api.js';
import { House } from './house.js';
import { peerPath, send } from './peer.js';

function identity(name: string) {
  const read = (extension: string) => readFileSync(`spec/fixtures/msrp/tls/${name}.${extension}`, 'utf8');
  const tls = { cert: read('crt'), key: read('key') };
  const { fingerprint, fingerprint256, fingerprint512, raw } = new X509Certificate(tls.cert);
  const pairs = (hash: string): string => createHash(hash).update(raw).digest('hex').match(/../g)?.join(':') ?? '';
  return {
    tls,
    sha1: { hash: 'sha-1', value: fingerprint },
    sha224: { hash: 'sha-224', value: pairs('sha224') },
    sha256: { hash: 'sha-256', value: fingerprint256 },
    sha384: { hash: 'sha-384', value: pairs('sha384') },
    sha512: { hash: 'sha-512', value: fingerprint512 },
  };
}

const one = identity('one');
const two = identity('two');

describe('MSRP over TLS [IWF-1309]', () => {
  let active: House;
  let passive: House;

  beforeEach(async () => {
    active = await House.open({}, { tls: one.tls });
    passive = await House.open({}, { tls: two.tls });
  });

  afterEach(async () => {
    await active.close();
    await passive.close();
  });

  function pair(some: { active?: Partial<RemoteEnd>; passive?: Partial<RemoteEnd> }) {
    const from = active.session();
    const to = passive.session();
    const connect = { host: '127.0.0.1', port: passive.endpoint.port };
    const pathOf = (paths: readonly string[]): readonly string[] => paths.filter((path) => path.startsWith('msrps:'));
    const listen = to.session.start({
      path: pathOf(from.session.paths),
      role: 'passive',
      connect,
      secure: true,
      fingerprints: [one.sha256],
      ...some.passive,
    });
    const dial = (): Promise<void> =>
      from.session.start({
        path: pathOf(to.session.paths),
        role: 'active',
        connect,
        secure: true,
        fingerprints: [two.sha256],
        ...some.active,
      });
    return { from, to, listen, dial };
  }

  const hello = { messageId: 'abcd', contentType: 'message/cpim', content: Buffer.from('hello') };

  it('shows the fingerprint of its certificate', async () => {
    expect(active.endpoint.fingerprints).to.deep.equal([one.sha256]);
    const plain = await House.open();
    expect(plain.endpoint.fingerprints).to.deep.equal([]);
    await plain.close();
  });

  it('offers a msrps: path beside the other, on the same port', () => {
    const { session } = active.session();
    expect(session.localPath).to.match(/^msrp:/);
    expect(session.paths).to.deep.equal([session.localPath, session.localPath.replace('msrp:', 'msrps:')]);
  });

  for (const fingerprints of [
    [two.sha256],
    [two.sha1],
    [two.sha224],
    [two.sha384],
    [two.sha512],
    [{ hash: 'md5', value: '00' }, two.sha256],
    [{ hash: 'SHA-256', value: two.sha256.value.toLowerCase() }],
    [],
  ]) {
    it(`carries messages where the certificate has the fingerprint: ${fingerprints.map(({ hash }) => hash).join() || 'none given'}`, async () => {
      const { from, to, listen, dial } = pair({ active: { fingerprints } });
      await Promise.all([listen, dial()]);
      expect(await from.session.send(hello)).to.deep.equal({ kind: 'accepted' });
      expect(to.app.messages[0]?.content.toString()).to.equal('hello');
      expect(await to.session.send(hello)).to.deep.equal({ kind: 'accepted' });
    });
  }

  it('speaks of itself by its msrps: path', async () => {
    const heard: string[] = [];
    await passive.close();
    passive = await House.open({}, { tls: two.tls, trace: (event) => heard.push(event.text()) });
    const { from, listen, dial } = pair({});
    await Promise.all([listen, dial()]);
    await from.session.send(hello);
    const own = from.session.paths.find((path) => path.startsWith('msrps:'));
    const said = heard.filter((text) => text.includes(' SEND')).map((text) => /From-Path: (.*)\r/.exec(text)?.[1]);
    expect(said).to.deep.equal([own, own]);
  });

  it('is refused where our certificate is another than the offer said', async () => {
    const { from, listen, dial } = pair({ active: { fingerprints: [one.sha256] } });
    await listen;
    expect(await dial().catch((error: unknown) => error)).to.be.instanceOf(PeerError);
    expect(from.app.closedReason).to.equal('connect-failed');
  });

  for (const hash of ['sha-256', 'md5', '']) {
    it(`is refused where the fingerprint is none that can be read: ${hash}`, async () => {
      const { listen, dial } = pair({ active: { fingerprints: [{ hash, value: '' }] } });
      await listen;
      expect(await dial().catch((error: unknown) => error)).to.be.instanceOf(PeerError);
    });
  }

  it('answers 481 where the certificate of the active side is another', async () => {
    const { from, to, listen, dial } = pair({ passive: { fingerprints: [two.sha256] } });
    await Promise.all([listen, dial()]);
    expect(await from.app.closed).to.equal('unknown-to-peer');
    expect(to.session.state).to.equal('awaiting');
  });

  it('takes no plain connection for a session that was agreed as secure', async () => {
    const { from, to, listen } = pair({});
    await listen;
    const peer = await passive.peer();
    peer.write(
      send({ to: to.session.localPath }),
      send({ to: to.session.localPath, from: from.session.paths.at(-1)! }),
    );
    expect([await peer.status(), await peer.status()]).to.deep.equal([481, 481]);
    expect(to.session.state).to.equal('awaiting');
  });

  it('takes plain sessions on the same port', async () => {
    const { session } = passive.session();
    await session.start({ path: [peerPath], role: 'passive', connect: { host: '192.0.2.9', port: 9 } });
    const peer = await passive.peer();
    peer.write(send({ to: session.localPath }));
    expect(await peer.status()).to.equal(200);
  });

  it('closes a connection whose handshake is none, or does not come', async () => {
    const [junk, silent] = [await passive.peer(), await passive.peer()];
    junk.socket.write(Buffer.from([22, 3, 1, 0, 4, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 9]));
    await junk.closed;
    await passive.clock.advance(10_000);
    await silent.closed;
    expect(passive.counts.get('msrp_connections_refused_total handshake')).to.equal(2);
  });

  it('without a certificate connects all the same', async () => {
    const plain = await House.open();
    const { session } = plain.session();
    const { to, listen } = pair({ passive: { path: [session.localPath], fingerprints: [] } });
    await listen;
    const path = to.session.paths.slice(-1);
    await session.start({
      path,
      role: 'active',
      connect: { host: '127.0.0.1', port: passive.endpoint.port },
      secure: true,
    });
    expect(await session.send(hello)).to.deep.equal({ kind: 'accepted' });
    await plain.close();
  });
});
