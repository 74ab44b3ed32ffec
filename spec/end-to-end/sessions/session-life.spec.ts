import { expect } from 'chai';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect as connectTls, createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { header, Listener, Peer, respond, send } from '../../msrp/peer.js';
import { headerOf } from '../../sip/raw-peer.js';
import { until } from '../../support/ask-again.js';
import { freePort } from '../../support/free-port.js';
import { Callee, readMessage } from '../callee.js';
import { cpim, imdn, offer, pathOf, rawContact, RawPhone } from '../raw-phone.js';
import { contact, startWorld, type World, type WorldOptions } from '../world.js';

const quick = { backoff: { baseMs: 40, factor: 1, maxMs: 40, jitter: 0 } };
const tlsFile = (name: string): string =>
  new URL(`../../../../spec/fixtures/msrp/tls/${name}`, import.meta.url).pathname;
const pem = (name: string): string => readFileSync(tlsFile(name), 'utf8');
const fingerprintOf = (name: string): string => new X509Certificate(pem(name)).fingerprint256;

describe('the life of a session', () => {
  let world: World;
  let callee: Callee;
  let phone: RawPhone | undefined;

  async function begin(config: Record<string, object> = {}, more: WorldOptions = {}): Promise<void> {
    const sip = { nextHop: callee.operator.hop, ...config['sip'] };
    world = await startWorld({ mode: 'session', ...more, config: { chat: quick, ...config, sip } });
  }

  beforeEach(async () => {
    callee = await Callee.listen();
    phone = undefined;
  });
  afterEach(async () => {
    phone?.close();
    await world.stop();
    await callee.close();
  });

  async function sendText(text: string): Promise<string> {
    const sent = await world.platform.send(contact, { text, reportRequest: ['Sent', 'Failed'] });
    return decodeURIComponent(sent.location?.split('/').at(-1) ?? '');
  }

  const told = (messageId: string): ReturnType<World['platform']['waitFor']> =>
    world.platform.waitFor(({ body }) => body['messageId'] === messageId);

  const invites = (): readonly string[] => callee.operator.seen.filter((text) => text.startsWith('INVITE '));

  it('begins with many other phones ringing, and Node warns of no leak', async () => {
    const warnings: Error[] = [];
    const heard = (warning: Error): void => void warnings.push(warning);
    process.on('warning', heard);
    await begin({ drain: { timeoutS: 1 } });
    callee.operator.answer = () => undefined;
    const users = Array.from({ length: 12 }, (_, at) => `tel:+155501002${String(at).padStart(2, '0')}`);
    for (const user of users) await world.platform.send(user, { text: 'hello' });
    await until(() => callee.operator.seen.filter((text) => text.startsWith('INVITE ')).length >= users.length);
    process.off('warning', heard);
    expect(warnings.map(({ name }) => name)).to.deep.equal([]);
  });

  describe('session timer [IWF-1317]', () => {
    it('is refreshed by UPDATE at half of its interval where the peer allows it, again and again', async () => {
      callee.lines = ['Allow: INVITE, ACK, BYE, UPDATE', 'Session-Expires: 2;refresher=uac', 'Require: timer'];
      await begin();
      await sendText('hello');
      const peer = await callee.session();
      await readMessage(peer);
      const first = await callee.operator.waitFor('UPDATE');
      expect(headerOf(first, 'Session-Expires')).to.equal('2;refresher=uac');
      await callee.operator.waitFor('UPDATE', (text) => text !== first);
      expect(callee.operator.seen.some((text) => text.startsWith('BYE'))).to.equal(false);
      expect(invites()).to.have.length(1);
    });

    it('is refreshed by re-INVITE with the same description where it does not', async () => {
      callee.lines = ['Allow: INVITE, ACK, BYE', 'Session-Expires: 2;refresher=uac', 'Require: timer'];
      await begin();
      await sendText('hello');
      const peer = await callee.session();
      await readMessage(peer);
      const again = await callee.operator.waitFor('INVITE', (text) => text !== invites()[0]);
      const bodyOf = (text: string): string => text.slice(text.indexOf('\r\n\r\n'));
      expect(bodyOf(again)).to.equal(bodyOf(invites()[0] ?? ''));
      await sendText('over the same connection');
      expect((await readMessage(peer)).body?.toString()).to.include('over the same connection');
    });

    it('is refreshed by re-INVITE, and whose answer names another path moves the media there', async () => {
      callee.lines = ['Allow: INVITE, ACK, BYE', 'Session-Expires: 2;refresher=uac', 'Require: timer'];
      await begin();
      await sendText('hello');
      await readMessage(await callee.session());
      const path = `msrp://127.0.0.1:${callee.listener.port}/moved;tcp`;
      callee.sdp = { path };
      const moved = await callee.session();
      await sendText('where you are now');
      const arrived = await readMessage(moved);
      expect(arrived.body?.toString()).to.include('where you are now');
      expect(arrived.toPath).to.equal(path);
      expect(callee.operator.seen.some((text) => text.startsWith('BYE'))).to.equal(false);
    });

    it('is refreshed by re-INVITE, and whose answer cannot be used goes on as it was', async () => {
      callee.lines = ['Allow: INVITE, ACK, BYE', 'Session-Expires: 2;refresher=uac', 'Require: timer'];
      await begin();
      await sendText('hello');
      const peer = await callee.session();
      await readMessage(peer);
      callee.sdp = { port: 0, path: 'msrp://127.0.0.1:9/none;tcp' };
      await until(() => invites().length === 3);
      await sendText('where you have been');
      expect((await readMessage(peer)).body?.toString()).to.include('where you have been');
    });

    it('that the peer does not refresh ends the session with BYE; the next message opens another [IWF-1319]', async () => {
      callee.lines = ['Session-Expires: 3;refresher=uas', 'Require: timer'];
      await begin();
      await sendText('hello');
      await readMessage(await callee.session());
      await callee.operator.waitFor('BYE');
      await sendText('again');
      expect((await readMessage(await callee.session())).body?.toString()).to.include('again');
      expect(invites()).to.have.length(2);
    });

    it('whose refresh is answered 481 ends the session here, too', async () => {
      callee.lines = ['Allow: INVITE, ACK, BYE, UPDATE', 'Session-Expires: 2;refresher=uac', 'Require: timer'];
      await begin();
      await sendText('hello');
      const peer = await callee.session();
      await readMessage(peer);
      const usual = callee.operator.answer;
      callee.operator.answer = (text) => (text.startsWith('UPDATE') ? { statusLine: '481 Gone' } : usual(text));
      await peer.closed;
      await sendText('again');
      expect((await readMessage(await callee.session())).body?.toString()).to.include('again');
    });
  });

  describe('a refresh that is refused [IWF-1318]', () => {
    async function refuseOnce(answer: { statusLine: string; lines?: readonly string[] }): Promise<string> {
      callee.lines = ['Allow: INVITE, ACK, BYE, UPDATE', 'Session-Expires: 4;refresher=uac', 'Require: timer'];
      await begin();
      await sendText('hello');
      await readMessage(await callee.session());
      const usual = callee.operator.answer;
      callee.operator.answer = (text) => {
        if (!text.startsWith('UPDATE')) return usual(text);
        callee.operator.answer = usual;
        return answer;
      };
      const first = await callee.operator.waitFor('UPDATE');
      const second = await callee.operator.waitFor('UPDATE', (text) => text !== first);
      expect(callee.operator.seen.some((text) => text.startsWith('BYE'))).to.equal(false);
      return second;
    }

    it('for now is made again before the session ends', async () => {
      expect(headerOf(await refuseOnce({ statusLine: '491 Request Pending' }), 'Session-Expires')).to.equal(
        '4;refresher=uac',
      );
    });

    it('with 422 is made again with the interval that the peer wants', async () => {
      const second = await refuseOnce({ statusLine: '422 Too Small', lines: ['Min-SE: 90'] });
      expect(headerOf(second, 'Session-Expires')).to.equal('90;refresher=uac');
      expect(headerOf(second, 'Min-SE')).to.equal('90');
    });
  });

  it('is none where the 200 has no medium for messages: BYE, and the message is Failed', async () => {
    callee.sdp = { port: 0, path: 'msrp://127.0.0.1:9/none;tcp' };
    await begin();
    const id = await sendText('hello');
    await callee.operator.waitFor('BYE');
    expect((await told(id)).body).to.include({
      status: 'Failed',
      description: 'SIP 488 Answer not usable: no-message-media',
    });
  });

  it('whose interval is too small for the callee is asked for once more, with his', async () => {
    callee.refusal = { statusLine: '422 Session Interval Too Small', lines: ['Min-SE: 4000'] };
    await begin();
    await sendText('hello');
    const first = await callee.operator.waitFor('INVITE');
    expect(headerOf(first, 'Session-Expires')).to.match(/^1800/);
    callee.refusal = undefined;
    const second = await callee.operator.waitFor('INVITE', (text) => text !== first);
    expect([headerOf(second, 'Session-Expires'), headerOf(second, 'Min-SE')]).to.deep.equal(['4000', '4000']);
    await readMessage(await callee.session());
  });

  describe('re-INVITE of the peer', () => {
    it('with another path moves the media there [IWF-1303]', async () => {
      await begin();
      phone = await RawPhone.of(world);
      const chat = await phone.chat();
      const listener = await Listener.open();
      const body = offer().replace('m=message 9', `m=message ${listener.port}`);
      const there = body
        .replace('a=setup:active\r\n', 'a=setup:passive\r\n')
        .replace(/a=path:.*/, `a=path:msrp://127.0.0.1:${listener.port}/moved;tcp`);
      const type = 'application/sdp';
      const { callId, toTag } = chat;
      const answer = await phone.invite({ callId, toTag, cseq: 2, type, body: there });
      expect(answer.status).to.equal(200);
      expect(answer.body).to.include('a=setup:active');
      phone.ack(callId, toTag, { cseq: 2 });
      const peer = await listener.accept();
      peer.write(respond(await peer.request(), 200));
      await world.platform.send(rawContact, { text: 'where you are now' });
      const arrived = await readMessage(peer);
      expect(arrived.body?.toString()).to.include('where you are now');
      expect(arrived.toPath).to.equal(`msrp://127.0.0.1:${listener.port}/moved;tcp`);
      listener.close();
      peer.destroy();
    });

    it('with another path takes along what is not answered yet, and the session goes on', async () => {
      await begin();
      phone = await RawPhone.of(world);
      const chat = await phone.chat();
      await world.platform.send(rawContact, { text: 'on its way' });
      expect((await chat.msrp.request()).body?.toString()).to.include('on its way');
      const listener = await Listener.open();
      const body = offer()
        .replace('m=message 9', `m=message ${listener.port}`)
        .replace('a=setup:active\r\n', 'a=setup:passive\r\n')
        .replace(/a=path:.*/, `a=path:msrp://127.0.0.1:${listener.port}/moved;tcp`);
      const { callId, toTag } = chat;
      expect((await phone.invite({ callId, toTag, cseq: 2, type: 'application/sdp', body })).status).to.equal(200);
      phone.ack(callId, toTag, { cseq: 2 });
      const peer = await listener.accept();
      peer.write(respond(await peer.request(), 200));
      expect((await readMessage(peer)).body?.toString()).to.include('on its way');
      await world.platform.send(rawContact, { text: 'and the next' });
      expect((await readMessage(peer)).body?.toString()).to.include('and the next');
      expect(invites()).to.have.length(0);
      listener.close();
      peer.destroy();
    });

    it('with the same description leaves MSRP alone, and gets the same answer [IWF-1304]', async () => {
      await begin();
      phone = await RawPhone.of(world);
      const chat = await phone.chat();
      const { callId, toTag, path } = chat;
      const answer = await phone.invite({ callId, toTag, cseq: 2, body: offer() });
      expect(pathOf(answer.body)).to.equal(path);
      phone.ack(callId, toTag, { cseq: 2 });
      expect(await chat.say(cpim('still here', { id: 'still' }))).to.equal(200);
    });

    it('that cannot be agreed to is 488, and the session goes on [IWF-1305]', async () => {
      await begin();
      phone = await RawPhone.of(world);
      const chat = await phone.chat();
      const { callId, toTag } = chat;
      const answer = await phone.invite({ callId, toTag, cseq: 2, body: offer(['a=accept-types:image/jpeg']) });
      expect(answer.status).to.equal(488);
      expect(answer.header('Warning')).to.match(/^305 /);
      phone.ack(callId, toTag, { cseq: 2 });
      expect(await chat.say(cpim('still here', { id: 'still' }))).to.equal(200);
    });
  });

  it('for one large message ends after chat.lingerS of silence', async () => {
    await begin({ chat: { ...quick, lingerS: 1 } });
    phone = await RawPhone.of(world);
    const large = '+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.largemsg"';
    const chat = await phone.chat({ lines: [`Accept-Contact: *;${large}`] });
    expect(headerOf(await phone.requested('BYE'), 'Call-ID')).to.equal(chat.callId);
  });

  describe('re-INVITE to where nobody listens', () => {
    it('is 488, and the session ends', async () => {
      await begin();
      phone = await RawPhone.of(world);
      const { callId, toTag } = await phone.chat();
      const gone = await freePort();
      const body = offer()
        .replace('m=message 9', `m=message ${gone}`)
        .replace('a=setup:active\r\n', 'a=setup:passive\r\n')
        .replace(/a=path:.*/, `a=path:msrp://127.0.0.1:${gone}/moved;tcp`);
      expect((await phone.invite({ callId, toTag, cseq: 2, type: 'application/sdp', body })).status).to.equal(488);
    });
  });

  describe('a connection that is reset', () => {
    it('in the midst of a message of the user: he binds the session again, and it comes once [IWF-1326]', async () => {
      await begin();
      phone = await RawPhone.of(world);
      const chat = await phone.chat();
      const whole = send({
        to: chat.path,
        body: cpim('x'.repeat(3000), { id: 'reset-1' }),
        from: 'msrp://127.0.0.1:9/phone;tcp',
      });
      chat.msrp.write({ ...whole, body: whole.body?.subarray(0, 1000), flag: '+' });
      expect(await chat.msrp.status()).to.equal(200);
      chat.msrp.socket.resetAndDestroy();
      const again = await phone.bind(chat.path);
      again.write(whole);
      expect(await again.status()).to.equal(200);
      const came = await told('reset-1');
      expect(JSON.stringify(came.body)).to.include('x'.repeat(3000));
    });

    it('in the midst of a message of the bot: it goes again, whole, in a new session [IWF-1327]', async () => {
      await begin();
      const id = await sendText(`start ${'y'.repeat(50_000)} end`);
      const first = await callee.session();
      first.write(respond(await first.request(), 200));
      first.socket.resetAndDestroy();
      const second = await callee.session();
      let text = '';
      for (let flag = '+'; flag !== '$';) {
        const request = await second.request();
        second.write(respond(request, 200));
        text += request.body?.toString() ?? '';
        ({ flag } = request);
      }
      expect(text).to.match(/start y{50000} end$/);
      expect((await told(id)).body).to.include({ status: 'Sent' });
    }).timeout(10_000);
  });

  it('tells Sent before Delivered, though the receipt is faster than the answer to the message [IWF-201]', async () => {
    await begin();
    const sent = await world.platform.send(contact, { text: 'so fast', reportRequest: ['Sent', 'Delivered'] });
    const id = decodeURIComponent(sent.location?.split('/').at(-1) ?? '');
    const peer = await callee.session();
    const request = await peer.request();
    peer.write(send({ to: request.fromPath, from: request.toPath, body: imdn(id, 'delivered') }));
    expect(await peer.status()).to.equal(200);
    peer.write(respond(request, 200));
    await world.platform.waitFor(({ body }) => body['messageId'] === id && body['status'] === 'Delivered');
    const statuses = world.platform.callbacks.filter(({ body }) => body['messageId'] === id);
    expect(statuses.map(({ body }) => body['status'])).to.deep.equal(['Sent', 'Delivered']);
  });

  describe('an MSRP refusal', () => {
    it('413 is the end of the message, and the bot learns why [IWF-1313]', async () => {
      await begin();
      const id = await sendText('too much');
      const peer = await callee.session();
      peer.write(respond(await peer.request(), 413, 'Too large for me'));
      expect((await told(id)).body).to.include({ status: 'Failed', description: 'MSRP 413 Too large for me' });
    });

    it('413 is told without a SEND where the message is larger than the a=max-size of the user’s side', async () => {
      callee.sdp = { lines: ['a=max-size:1000'] };
      await begin();
      const id = await sendText('x'.repeat(1001));
      const peer = await callee.session();
      expect((await told(id)).body).to.include({
        status: 'Failed',
        description: 'MSRP 413 Larger than the max-size of the user’s side',
      });
      const next = await sendText('short enough');
      expect((await readMessage(peer)).body?.toString()).to.include('short enough');
      expect((await told(next)).body).to.include({ status: 'Sent' });
    });

    it('is none of a message of any size where a=max-size is 0', async () => {
      callee.sdp = { lines: ['a=max-size:0'] };
      await begin();
      await sendText('x'.repeat(3000));
      await readMessage(await callee.session());
    });

    for (const status of [408, 415, 481]) {
      it(`${status} by REPORT, behind the 200 of a hop, is the end of the message [IWF-1313]`, async () => {
        await begin();
        const id = await sendText('as far as the relay');
        const peer = await callee.session();
        const request = await readMessage(peer);
        expect((await told(id)).body).to.include({ status: 'Sent' });
        const headers = [
          ['Message-ID', header(request, 'Message-ID') ?? ''],
          ['Byte-Range', header(request, 'Byte-Range') ?? ''],
          ['Status', `000 ${status} Not beyond me`],
        ] as const;
        const { toPath, fromPath } = request;
        peer.write({ ...request, method: 'REPORT', toPath: fromPath, fromPath: toPath, headers, body: undefined });
        const failed = await world.platform.waitFor(
          ({ body }) => body['messageId'] === id && body['status'] === 'Failed',
        );
        expect(failed.body['description']).to.equal(`MSRP ${status} Not beyond me`);
        await sendText('the session goes on');
        expect((await readMessage(peer)).body?.toString()).to.include('the session goes on');
      });
    }

    for (const status of [481, 506]) {
      it(`${status} is the end of the session: the message goes in a new one [IWF-1314]`, async () => {
        await begin();
        const id = await sendText('once more');
        const peer = await callee.session();
        peer.write(respond(await peer.request(), status));
        await readMessage(await callee.session());
        expect((await told(id)).body).to.include({ status: 'Sent' });
        expect(invites()).to.have.length(2);
      });
    }
  });

  describe('Retry-After [IWF-1322]', () => {
    it('is waited for, neither shorter nor longer', async () => {
      const patient = { backoff: { baseMs: 3_600_000, factor: 1, maxMs: 3_600_000, jitter: 0 } };
      callee.refusal = { statusLine: '480 Away', lines: ['Retry-After: 1'] };
      await begin({ chat: patient });
      const startedMs = Date.now();
      const id = await sendText('later');
      await callee.operator.waitFor('INVITE');
      callee.refusal = undefined;
      await readMessage(await callee.session());
      // Neither at once nor in an hour, on a busy machine either.
      expect(Date.now() - startedMs).to.be.within(1000, 9000);
      expect((await told(id)).body).to.include({ status: 'Sent' });
    });
  });

  describe('CEMA', () => {
    it('connects to c= and m= where both sides have it, and addresses the path [IWF-1311]', async () => {
      const path = 'msrp://192.0.2.1:7777/behind-a-border;tcp';
      callee.sdp = { path, lines: ['a=msrp-cema'] };
      await begin();
      await sendText('through the border');
      const peer = await callee.session();
      expect((await readMessage(peer)).toPath).to.equal(path);
    });
  });

  describe('a path of several hops', () => {
    it('is connected to at its first, and addressed as a whole [IWF-1312]', async () => {
      const path = `msrp://127.0.0.1:${callee.listener.port}/relay;tcp msrp://192.0.2.1:7777/behind-it;tcp`;
      callee.sdp = { path };
      await begin();
      await sendText('by the relay');
      expect((await readMessage(await callee.session())).toPath).to.equal(path);
    });
  });

  describe('MSRP over TLS [IWF-1309]', () => {
    const tls = { cert: tlsFile('one.crt'), key: tlsFile('one.key') };
    const phonePath = 'msrps://127.0.0.1:9/phone;tcp';
    const secureOffer = (fingerprint: string): string =>
      offer([
        'a=accept-types:message/cpim',
        'a=accept-wrapped-types:*',
        `a=fingerprint:SHA-256 ${fingerprint.toLowerCase()}`,
      ])
        .replace('TCP/MSRP', 'TCP/TLS/MSRP')
        .replace(/a=path:.*/, `a=path:${phonePath}`);

    async function dialTls(name: string): Promise<{ peer: Peer; socket: TLSSocket }> {
      const socket = connectTls({
        ...{ host: '127.0.0.1', port: world.ports.msrp, rejectUnauthorized: false },
        ...{ cert: pem(`${name}.crt`), key: pem(`${name}.key`) },
      });
      await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
      return { peer: new Peer(socket), socket };
    }

    it('is answered with our fingerprint, and taken from the certificate that was announced alone', async () => {
      await begin({ msrp: { tls } });
      phone = await RawPhone.of(world);
      const answer = await phone.invite({ callId: 'tls', body: secureOffer(fingerprintOf('two.crt')) });
      expect(answer.status).to.equal(200);
      expect(answer.body).to.match(/^m=message \d+ TCP\/TLS\/MSRP \*/m);
      phone.ack('tls', /;tag=([^;\s]+)/.exec(answer.header('To') ?? '')?.[1] ?? '');
      const path = pathOf(answer.body);
      expect(path).to.match(/^msrps:/);
      const stranger = await dialTls('one');
      stranger.peer.write(send({ to: path, from: phonePath }));
      expect(await stranger.peer.status()).to.be.oneOf([481, 506]);
      stranger.peer.destroy();
      const { peer, socket } = await dialTls('two');
      expect(answer.body.toUpperCase()).to.include(socket.getPeerCertificate().fingerprint256);
      peer.write(send({ to: path, from: phonePath }));
      expect(await peer.status()).to.equal(200);
      peer.write(send({ to: path, from: phonePath, body: cpim('in secret', { id: 'tls-1' }) }));
      expect(await peer.status()).to.equal(200);
      await told('tls-1');
      peer.destroy();
    });

    it('is offered where msrp.offerTls says so, and the callee’s certificate is checked', async () => {
      const server = createTlsServer({ cert: pem('two.crt'), key: pem('two.key') });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as { port: number };
      const announce = (name: string): void => {
        callee.sdp = { protocol: 'TCP/TLS/MSRP', port, lines: [`a=fingerprint:SHA-256 ${fingerprintOf(name)}`] };
      };
      announce('one.crt');
      await begin({ msrp: { tls, offerTls: true } });
      const id = await sendText('for your eyes');
      const invite = await callee.operator.waitFor('INVITE');
      expect(invite).to.match(/^m=message \d+ TCP\/TLS\/MSRP \*/m);
      expect(invite).to.include(`a=fingerprint:sha-256 ${fingerprintOf('one.crt')}`);
      // A certificate that was not announced: the call is ended, the message waits.
      await callee.operator.waitFor('BYE');
      const connected = new Promise<TLSSocket>((resolve) => server.once('secureConnection', resolve));
      announce('two.crt');
      const peer = new Peer(await connected);
      peer.write(respond(await peer.request(), 200));
      expect((await readMessage(peer)).body?.toString()).to.include('for your eyes');
      expect((await told(id)).body).to.include({ status: 'Sent' });
      peer.destroy();
      server.close();
    });

    it('is refused with 488 where we have no certificate', async () => {
      await begin();
      phone = await RawPhone.of(world);
      const refused = await phone.invite({ body: secureOffer(fingerprintOf('two.crt')) });
      expect([refused.status, refused.header('Warning')?.slice(0, 4)]).to.deep.equal([488, '302 ']);
    });
  });
});
