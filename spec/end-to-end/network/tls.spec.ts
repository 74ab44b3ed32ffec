/** The whole gateway towards an operator who speaks SIP over TLS alone, each side with a certificate. */
import { expect } from 'chai';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:tls';
import { Peer, send } from '../../msrp/peer.js';
import { headerOf } from '../../sip/raw-peer.js';
import { Authority, type Certificate } from '../../support/certificates.js';
import { Callee, readMessage } from '../callee.js';
import { KeptLog } from '../kept-log.js';
import { cpim, offer, rawContact, requestText } from '../raw-phone.js';
import { startWorld, type World } from '../world.js';

const quick = { backoff: { baseMs: 40, factor: 1, maxMs: 40, jitter: 0 } };

describe('SIP over TLS, the whole gateway [IWF-1346]', () => {
  let authority: Authority;
  let ours: Certificate;
  let theirs: Certificate;
  let world: World;
  let callee: Callee;
  let log: KeptLog;

  before(async () => {
    authority = await Authority.make('operators');
    [ours, theirs] = await Promise.all([
      authority.issue('ours', ['IP:127.0.0.1']),
      authority.issue('sbc', ['DNS:sbc.example.net', 'IP:127.0.0.1']),
    ]);
  });
  after(() => authority.remove());

  async function begin(certificate: Certificate): Promise<void> {
    callee = await Callee.listen({ ...certificate, ca: authority.ca });
    log = new KeptLog();
    const tls = { cert: ours.certFile, key: ours.keyFile, ca: authority.caFile };
    world = await startWorld({
      mode: 'session',
      log,
      config: ({ sip }) => ({
        chat: quick,
        sip: {
          listen: [`tls/127.0.0.1:${sip}`],
          nextHop: callee.operator.hop,
          // By his certificate alone: his address is nobody's.
          trustedPeers: ['sbc.example.net'],
          tls,
        },
        // A certificate says nothing of where his media are.
        msrp: { trustedPeers: ['127.0.0.1'] },
      }),
    });
  }

  afterEach(async () => {
    await world.stop();
    await callee.close();
  });

  it('calls, is called, and says every request of a call under TLS', async () => {
    await begin(theirs);
    const { operator } = callee;
    await world.platform.send(rawContact, { text: 'under TLS' });
    const peer = await callee.session();
    expect((await readMessage(peer)).body?.toString()).to.include('under TLS');
    const invite = await operator.waitFor('INVITE ');
    expect(headerOf(invite, 'Via')).to.match(/^SIP\/2\.0\/TLS /);
    expect(headerOf(invite, 'Contact')).to.include(`@127.0.0.1:${world.ports.sip};transport=tls>`);
    peer.destroy();
    expect(headerOf(await operator.waitFor('BYE '), 'Via')).to.match(/^SIP\/2\.0\/TLS /);

    const text = (method: string, more: object): string =>
      requestText(method, operator.port, more).replace('SIP/2.0/TCP', 'SIP/2.0/TLS');
    const sdp = { type: 'application/sdp', body: offer() };
    await operator.send(world.ports.sip, text('INVITE', { callId: 'theirs', ...sdp }));
    const answer = await operator.waitFor('SIP/2.0 200', (response) => headerOf(response, 'Call-ID') === 'theirs');
    expect(headerOf(answer, 'Contact')).to.include(`@127.0.0.1:${world.ports.sip};transport=tls>`);
    const toTag = /;tag=(\S+)/.exec(headerOf(answer, 'To') ?? '')?.[1] ?? '';
    await operator.send(world.ports.sip, text('ACK', { callId: 'theirs', toTag }));
    // His media come from an address that msrp.trustedPeers has.
    const path = /^a=path:(msrp:\S+)/m.exec(answer)?.[1] ?? '';
    const media = await Peer.connect(world.ports.msrp);
    media.write(send({ to: path, from: 'msrp://127.0.0.1:9/phone;tcp' }));
    expect(await media.status()).to.equal(200);
    media.destroy();
    await operator.send(world.ports.sip, text('BYE', { callId: 'theirs', toTag, cseq: 2 }));
    await operator.waitFor('SIP/2.0 200', (response) => headerOf(response, 'CSeq') === '2 BYE');
  });

  it('believes P-Asserted-Identity of whom it trusts, and hears nobody else', async () => {
    await begin(theirs);
    const pager = (user: string): string =>
      requestText('MESSAGE', callee.operator.port, {
        ...{ user, type: 'message/cpim', body: cpim('who am I').toString() },
      }).replace(/^From: <[^>]*>/m, 'From: <sip:+15550100777@else.example.net>');
    await callee.operator.send(world.ports.sip, pager('sip:+15550100002@ims.example.net;user=phone'));
    await callee.operator.waitFor('SIP/2.0 200');
    const { body } = await world.platform.waitFor(({ kind }) => kind === 'chatMessageNotification');
    expect(body['senderAddress']).to.equal(rawContact);

    const nobody = await authority.issue('nobody', ['DNS:nobody.example.net']);
    const stranger = await Callee.listen({ ...nobody, ca: authority.ca });
    await stranger.operator.send(world.ports.sip, pager('sip:+15550100003@ims.example.net;user=phone'));
    await stranger.operator.cut();
    expect(stranger.operator.seen).to.deep.equal([]);
    expect(world.platform.callbacks).to.have.length(1);
    await stranger.close();
  });

  it('tells nothing to a next hop whose certificate is another’s: the message waits', async () => {
    await begin(await authority.issue('another', ['DNS:another.example.net']));
    await world.platform.send(rawContact, { text: 'for the operator alone' });
    await log.waitFor('message waits');
    expect(callee.operator.seen).to.deep.equal([]);
  });

  it('reads its certificate again when told so, and keeps the old one where the new one is none', async () => {
    await begin(theirs);
    const shown = async (): Promise<string> => {
      const { cert, key } = theirs;
      const socket = connect({ port: world.ports.sip, host: '127.0.0.1', ca: authority.ca, cert, key });
      await once(socket, 'secureConnect');
      const { fingerprint256 = '' } = socket.getPeerX509Certificate() ?? {};
      socket.destroy();
      return fingerprint256;
    };
    const first = await shown();
    const { cert, key } = await authority.issue('renewed', ['IP:127.0.0.1']);
    writeFileSync(ours.certFile, cert);
    writeFileSync(ours.keyFile, key);
    expect(await shown()).to.equal(first);
    world.gateway.reload();
    expect((await log.waitFor('certificates read'))['sections']).to.equal('sip.tls');
    const second = await shown();
    expect(second).to.not.equal(first);
    writeFileSync(ours.certFile, 'half a certific');
    world.gateway.reload();
    await log.waitFor('certificates not read');
    expect(await shown()).to.equal(second);
    writeFileSync(ours.certFile, cert);
    const { ca } = authority;
    writeFileSync(authority.caFile, '');
    world.gateway.reload();
    await log.waitFor('certificates not read', ({ problem }) => String(problem).endsWith('operators.pem is empty'));
    writeFileSync(authority.caFile, ca);
    expect(await shown()).to.equal(second);
  });
});
