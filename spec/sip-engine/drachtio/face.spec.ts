/** The face on the real engine: a scripted application on one side, raw UDP peers on the other. */
import { expect } from 'chai';
import { createServer, type Server } from 'node:net';
import { systemClock, type Clock } from '../../../lib/clock.js';
import {
  type AppTarget,
  createDrachtioFace,
  type DrachtioFace,
  type FaceOptions,
} from '../../../lib/sip-engine/drachtio/face.js';
import { createEngine } from '../../../lib/sip-engine/engine.js';
import { FakeClock } from '../../support/fake-clock.js';
import { headerOf, message, respondTo, udpPeer, type RawPeer } from '../../sip/raw-peer.js';
import { silentLog } from '../../sip/silent-log.js';
import { ScriptedApp } from './scripted-app.js';

const SECRET = 'cymru';
const UUID = /^[0-9a-f-]{36}$/;

describe('drachtio face', () => {
  let face: DrachtioFace;
  let facePort: number;
  let sipPort: number;
  let peer: RawPeer;
  const apps: ScriptedApp[] = [];

  async function open(options: Partial<FaceOptions> = {}, clock: Clock = systemClock): Promise<void> {
    const engine = createEngine({ listen: ['udp/127.0.0.1:0', 'tcp/127.0.0.1:0'], clock });
    face = createDrachtioFace(engine, { secret: SECRET, clock: systemClock, log: silentLog, ...options });
    await face.start();
    facePort = (await face.listen({ host: '127.0.0.1', port: 0 })).port;
    sipPort = engine.listening.find(({ protocol }) => protocol === 'udp')?.port ?? 0;
    peer = await udpPeer(sipPort);
  }

  async function stranger(): Promise<ScriptedApp> {
    const app = await new ScriptedApp().connect(facePort);
    apps.push(app);
    return app;
  }

  async function application(...verbs: readonly string[]): Promise<ScriptedApp> {
    const app = await stranger();
    expect((await app.ask(`authenticate|${SECRET}|`))[0]).to.equal('OK');
    for (const verb of verbs) expect(await app.ask(`route|${verb}`)).to.deep.equal(['OK']);
    return app;
  }

  function request(
    method: string,
    options: {
      callId?: string;
      seq?: number;
      to?: string;
      branch?: string;
      lines?: readonly string[];
      body?: string;
    } = {},
  ): string {
    const {
      callId = 'c1',
      seq = 1,
      to = '<sip:bot@a>',
      branch = `z9hG4bK${method}${callId}${seq}`,
      lines = [],
      body = '',
    } = options;
    const via = `Via: SIP/2.0/UDP 127.0.0.1:${peer.port};branch=${branch};rport`;
    const parties = ['From: <tel:+1>;tag=theirs', `To: ${to}`, `Call-ID: ${callId}`, `CSeq: ${seq} ${method}`];
    return message(
      `${method} sip:bot@botplatform.example SIP/2.0`,
      [via, 'Max-Forwards: 70', ...parties, `Contact: <sip:phone@127.0.0.1:${peer.port}>`, ...lines],
      body,
    );
  }

  afterEach(async () => {
    for (const app of apps.splice(0)) app.drop();
    peer.close();
    await face.close();
  });

  describe('who may speak', () => {
    it('greets with host ports and version', async () => {
      await open();
      const app = await stranger();
      const [ok, hostports = '', version, local] = await app.ask(`authenticate|${SECRET}|tag1,tag2`);
      expect(ok).to.equal('OK');
      expect(hostports).to.match(/^udp\/127\.0\.0\.1:\d+,tcp\/127\.0\.0\.1:\d+$/);
      expect(version).to.match(/^v\d+\.\d+\.\d+/);
      expect(local).to.equal(hostports);
      expect(await app.ask('ping')).to.deep.equal(['OK', 'pong']);
      expect(face.applications).to.equal(1);
    });

    it('turns away who has the wrong secret', async () => {
      await open();
      const app = await stranger();
      expect(await app.ask('authenticate|wrong|')).to.deep.equal(['NO', 'incorrect secret']);
      await app.closed;
      expect(face.applications).to.equal(0);
    });

    for (const [name, command, sip] of [
      ['a ping', 'ping', undefined],
      ['a route', 'route|invite', undefined],
      ['a request', 'sip||', 'OPTIONS sip:a@127.0.0.1 SIP/2.0\r\n\r\n'],
    ] as const) {
      it(`takes no command before authentication: ${name}`, async () => {
        await open();
        const app = await stranger();
        expect((await app.ask(command, sip))[0]).to.equal('NOK');
        await app.closed;
      });
    }

    it('closes on a frame of 5 kB before authentication, and on silence', async () => {
      const clock = new FakeClock();
      await open({ clock });
      const talker = await stranger();
      expect((await talker.ask(`authenticate|${'x'.repeat(5000)}|`))[0]).to.equal('NOK');
      await talker.closed;
      const silent = await stranger();
      // the face has the connection once a later one has been answered
      await application();
      await clock.advance(5_000);
      await silent.closed;
      expect(face.applications).to.equal(1);
    });

    it('takes no more applications than its limit', async () => {
      await open({ maxApplications: 1 });
      const first = await application();
      await (
        await stranger()
      ).closed;
      expect(await first.ask('ping')).to.deep.equal(['OK', 'pong']);
    });

    it('closes where the stream is out of step, and goes on serving others', async () => {
      await open();
      const [good, bad] = [await application(), await application()];
      bad.sayRaw('nonsense');
      await bad.closed;
      expect(await good.ask('ping')).to.deep.equal(['OK', 'pong']);
    });

    it('refuses a frame above its limit with its id, and goes on', async () => {
      await open({ maxFrameBytes: 1024 });
      const app = await application();
      expect((await app.ask('sip||', `OPTIONS sip:a@b SIP/2.0\r\nSubject: ${'x'.repeat(2000)}\r\n\r\n`))[0]).to.equal(
        'NOK',
      );
      expect(await app.ask('ping')).to.deep.equal(['OK', 'pong']);
    });

    it('takes 1 MiB', async () => {
      await open();
      const app = await application();
      expect((await app.ask('sip||', `NONSENSE\r\n\r\n${'x'.repeat(1024 * 1024)}`)).join('|')).to.equal(
        'NOK|bad start line',
      );
    });

    it('refuses unknown commands and proxying', async () => {
      await open();
      const app = await application();
      expect((await app.ask('proxy|txn|x'))[0]).to.equal('NOK');
      expect((await app.ask('conquer'))[0]).to.equal('NOK');
    });
  });

  describe('requests of the network', () => {
    it('come with their leader and as they stood, and are answered with an echo', async () => {
      await open();
      const app = await application('message');
      const sent = request('MESSAGE', { lines: ['Content-Type: text/plain', 'X-A: 1', 'X-A: 2'], body: 'grüße' });
      peer.send(sent);
      const { tokens, sip } = await app.next();
      const [uuid, verb, source, bytes, protocol, host, port, time, txnId = '', dialogId, localHost, localPort] =
        tokens;
      expect(uuid).to.match(UUID);
      expect([verb, source, protocol, host, port]).to.deep.equal([
        'sip',
        'network',
        'udp',
        '127.0.0.1',
        String(peer.port),
      ]);
      expect(Number(bytes)).to.equal(Buffer.byteLength(sip));
      expect(time).to.match(/^\d\d:\d\d:\d\d\.\d{6}$/);
      expect([dialogId, localHost, localPort]).to.deep.equal(['', '127.0.0.1', String(sipPort)]);
      expect(sip)
        .to.contain('X-A: 1\r\nX-A: 2\r\n')
        .and.match(/\r\n\r\ngrüße$/);
      const id = app.say(
        `sip|${txnId}|`,
        'SIP/2.0 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 1\r\n\r\ngröße',
      );
      const echo = await app.next();
      expect(echo.tokens.slice(1, 5)).to.deep.equal(['response', id, 'OK', 'application']);
      expect(echo.tokens.slice(6, 9)).to.deep.equal(['udp', '127.0.0.1', String(peer.port)]);
      expect(echo.tokens.slice(10)).to.deep.equal([txnId, '', '', 'Msg sent:', '']);
      const answer = await peer.next();
      expect(echo.sip).to.equal(answer);
      expect(headerOf(answer, 'Content-Length')).to.equal('7');
      expect(headerOf(answer, 'To')).to.match(/^<sip:bot@a>;tag=.+/);
    });

    it('are answered 503 where nobody has asked for them', async () => {
      await open();
      await application('invite');
      peer.send(request('MESSAGE'));
      const refused = await peer.next();
      expect(refused).to.match(/^SIP\/2\.0 503 /);
      expect(headerOf(refused, 'Retry-After')).to.equal('5');
    });

    it('take turns among the applications, and go to none that has withdrawn', async () => {
      await open();
      const both = [await application('message'), await application('message')];
      for (let n = 1; n <= 4; n++) peer.send(request('MESSAGE', { seq: n, callId: `turn${n}` }));
      for (const app of both) {
        const first = await app.next();
        const second = await app.next();
        expect([first.tokens[1], second.tokens[1]]).to.deep.equal(['sip', 'sip']);
      }
      expect(await both[0]?.ask('remove_route|message')).to.deep.equal(['OK']);
      for (let n = 5; n <= 6; n++) peer.send(request('MESSAGE', { seq: n, callId: `turn${n}` }));
      await both[1]?.next();
      await both[1]?.next();
      expect(both[0]?.unread).to.equal(0);
    });

    it('are answered once, and by nobody else', async () => {
      await open();
      const [app, other] = [await application('message'), await application()];
      peer.send(request('MESSAGE'));
      const { tokens } = await app.next();
      const answer = 'SIP/2.0 200 OK\r\n\r\n';
      expect((await other.ask(`sip|${tokens[8]}|`, answer))[0]).to.equal('NOK');
      expect((await app.ask(`sip|${tokens[8]}|`, answer))[0]).to.equal('OK');
      expect((await app.ask(`sip|${tokens[8]}|`, answer))[0]).to.equal('NOK');
      expect((await app.ask('sip|unknown|', answer))[0]).to.equal('NOK');
    });

    it('are answered 503 when their application goes', async () => {
      await open();
      const app = await application('message');
      peer.send(request('MESSAGE'));
      await app.next();
      app.drop();
      expect(await peer.nextOf('SIP/2.0 503')).to.contain('MESSAGE');
    });

    it('are answered 503 above the limit of those that wait', async () => {
      await open({ maxPending: 1 });
      const app = await application('message');
      peer.send(request('MESSAGE', { callId: 'c1' }));
      peer.send(request('MESSAGE', { callId: 'c2' }));
      await app.next();
      expect(await peer.nextOf('SIP/2.0 503')).to.contain('c2');
      expect(app.unread).to.equal(0);
    });

    it('of another spelling of the version are passed on in ours', async () => {
      await open();
      const app = await application('message');
      peer.send(request('MESSAGE').replace('SIP/2.0\r\nVia', 'sip/2.0\r\nVia'));
      expect((await app.next()).sip).to.match(/^MESSAGE sip:bot@botplatform\.example SIP\/2\.0\r\nVia: /);
    });

    it('with empty lines before them are passed on without (§7.5): the client library would print them instead', async () => {
      await open();
      const app = await application('message');
      peer.send(`\r\n\r\n${request('MESSAGE')}`);
      expect((await app.next()).sip).to.match(/^MESSAGE /);
    });

    it('that the engine had to answer itself are no longer anybody’s, and make room for others', async () => {
      const clock = new FakeClock();
      await open({ maxPending: 1 }, clock);
      const app = await application('invite', 'message');
      peer.send(request('INVITE'));
      const { tokens } = await app.next();
      await clock.advance(181_000);
      await peer.nextOf('SIP/2.0 480');
      const echo = await app.ask(`sip|${tokens[8]}|`, 'SIP/2.0 200 OK\r\n\r\n');
      expect(echo).to.deep.equal(['NOK', 'unknown transaction, or answered before']);
      peer.send(request('MESSAGE'));
      expect((await app.next()).sip).to.match(/^MESSAGE /);
    });

    it('whose dialog could not be named are answered 400', async () => {
      await open();
      const app = await application('invite');
      peer.send(request('INVITE', { callId: 'a|b' }));
      expect(await peer.nextOf('SIP/2.0 4')).to.match(/^SIP\/2\.0 400 /);
      peer.send(request('INVITE').replace('tag=theirs', 'tag=a|b'));
      expect(await peer.nextOf('SIP/2.0 4')).to.match(/^SIP\/2\.0 400 /);
      expect(app.unread).to.equal(0);
    });

    it('end the connection of who reads too slowly', async () => {
      await open({ maxBufferedBytes: 1024 * 1024 });
      const app = await application('message');
      app.pause();
      const body = 'x'.repeat(30_000);
      let sent = 0;
      while (face.applications > 0) {
        peer.send(request('MESSAGE', { callId: `slow${sent++}`, lines: ['Content-Type: text/plain'], body }));
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(sent).to.be.above(30);
    });
  });

  describe('calls', () => {
    async function answered(app: ScriptedApp): Promise<{ ok: string; dialogId: string; txnId: string }> {
      peer.send(request('INVITE'));
      const { tokens } = await app.next();
      const txnId = tokens[8] ?? '';
      app.say(`sip|${txnId}|`, 'SIP/2.0 200 OK\r\n\r\nv=0\r\n');
      const echo = await app.next();
      const ok = await peer.nextOf('SIP/2.0 200');
      expect(echo.sip).to.equal(ok);
      return { ok, dialogId: echo.tokens[11] ?? '', txnId };
    }

    it('have their dialog named on the echo of the 2xx, on the ACK, and on what follows', async () => {
      await open();
      const app = await application('invite');
      const { ok, dialogId, txnId } = await answered(app);
      expect(dialogId).to.equal('c1;from-tag=theirs');
      expect(headerOf(ok, 'Content-Type')).to.equal('application/sdp');
      const to = headerOf(ok, 'To') ?? '';
      peer.send(request('ACK', { to, branch: 'z9hG4bKack' }));
      expect((await app.next()).tokens.slice(8)).to.deep.equal([txnId, dialogId, '']);
      peer.send(request('INFO', { seq: 2, to }));
      const info = await app.next();
      expect(info.tokens.slice(9)).to.deep.equal([dialogId, '']);
      app.say(`sip|${info.tokens[8]}|`, 'SIP/2.0 200 OK\r\n\r\n');
      await app.next();
    });

    it('keep their in-dialog requests when others want the method, and lose them with their application', async () => {
      await open();
      const app = await application('invite');
      const { ok, dialogId } = await answered(app);
      const to = headerOf(ok, 'To') ?? '';
      peer.send(request('ACK', { to, branch: 'z9hG4bKack' }));
      await app.next();
      const other = await application('invite', 'info');
      expect((await other.ask(`sip||${dialogId}`, 'BYE sip:placeholder SIP/2.0\r\n\r\n')).join('|')).to.equal(
        'NOK|unable to find dialog',
      );
      peer.send(request('INFO', { seq: 2, to }));
      await app.next();
      app.drop();
      const bye = await peer.nextOf('BYE');
      peer.send(respondTo(bye, '200 OK'));
      peer.send(request('INFO', { seq: 3, to }));
      expect(await peer.nextOf('SIP/2.0 481')).to.contain('INFO');
      expect(other.unread).to.equal(0);
    });

    it('that nobody acknowledges are ended by the engine, and their application is told', async () => {
      const clock = new FakeClock();
      await open({ clock }, clock);
      const app = await application('invite');
      const { dialogId } = await answered(app);
      await clock.advance(33_000);
      const { tokens, sip } = await app.next();
      expect(tokens.slice(1, 3)).to.deep.equal(['sip', 'application']);
      expect(tokens.slice(8)).to.deep.equal(['unsolicited', dialogId, '']);
      expect(sip).to.match(/^BYE /);
      await peer.nextOf('BYE');
    });

    it('are cancelled with the transaction of the INVITE', async () => {
      await open();
      const app = await application('invite');
      peer.send(request('INVITE', { branch: 'z9hG4bKsame' }));
      const invite = await app.next();
      peer.send(request('CANCEL', { branch: 'z9hG4bKsame' }));
      const cancel = await app.next();
      expect(cancel.sip).to.match(/^CANCEL /);
      expect(cancel.tokens[8]).to.equal(invite.tokens[8]);
      await peer.nextOf('SIP/2.0 487');
      expect((await app.ask(`sip|${invite.tokens[8]}|`, 'SIP/2.0 200 OK\r\n\r\n'))[0]).to.equal('NOK');
    });
  });

  describe('requests of an application', () => {
    const target = () => `sip:phone@127.0.0.1:${peer.port}`;

    it('leave completed, and are echoed before their response', async () => {
      await open();
      const app = await application();
      const lines = [
        'from: <sip:bot@localhost>',
        'p-asserted-identity: <sip:bot@localhost>',
        'Via: SIP/2.0/UDP evil',
        'record-route: <sip:evil>',
        'route: <sip:s-cscf.example.net;lr>',
        'content-type: text/plain',
        'content-length: 1',
      ];
      const id = app.say(`sip|||${target()}`, `MESSAGE ${target()} SIP/2.0\r\n${lines.join('\r\n')}\r\n\r\ngrüße`);
      const seen = await peer.next();
      peer.send(respondTo(seen, '202 Accepted'));
      const echo = await app.next();
      expect(echo.tokens.slice(1, 5)).to.deep.equal(['response', id, 'OK', 'application']);
      expect(echo.tokens[6]).to.equal('udp');
      expect(echo.tokens.slice(11)).to.deep.equal(['Msg sent:', '']);
      expect(echo.sip).to.equal(seen);
      expect(seen).to.not.contain('evil');
      expect(headerOf(seen, 'Route')).to.equal('<sip:s-cscf.example.net;lr>');
      expect(headerOf(seen, 'From')).to.match(new RegExp(`^<sip:bot@127\\.0\\.0\\.1:${sipPort}>;tag=`));
      expect(headerOf(seen, 'P-Asserted-Identity')).to.equal(`<sip:bot@127.0.0.1:${sipPort}>`);
      expect(headerOf(seen, 'To')).to.equal(`<${target()}>`);
      expect(headerOf(seen, 'Content-Length')).to.equal('7');
      const response = await app.next();
      expect(response.tokens.slice(1, 3)).to.deep.equal(['sip', 'network']);
      expect(response.tokens[8]).to.equal(echo.tokens[10]);
      expect(response.sip).to.match(/^SIP\/2\.0 202 /);
    });

    it('get a response of another spelling of the version in ours', async () => {
      await open();
      const app = await application();
      app.say('sip||', `MESSAGE ${target()} SIP/2.0\r\n\r\n`);
      peer.send(respondTo(await peer.next(), '202 Accepted').replace('SIP/2.0 202', 'sip/2.0 202'));
      await app.next();
      expect((await app.next()).sip).to.match(/^SIP\/2\.0 202 Accepted\r\n/);
    });

    it('are refused above the limit of those under way', async () => {
      await open({ maxPending: 1 });
      const app = await application();
      const options = `OPTIONS ${target()} SIP/2.0\r\n\r\n`;
      expect((await app.ask('sip||', options))[0]).to.equal('OK');
      expect((await app.ask('sip||', options))[0]).to.equal('NOK');
      peer.send(respondTo(await peer.nextOf('OPTIONS'), '200 OK'));
      expect((await app.next()).sip).to.match(/^SIP\/2\.0 200 /);
      expect((await app.ask('sip||', options))[0]).to.equal('OK');
    });

    it('go to the next hop', async () => {
      await open();
      const app = await application();
      app.say(`sip|||sip:127.0.0.1:${peer.port}`, 'OPTIONS tel:+491700000001 SIP/2.0\r\n\r\n');
      const seen = await peer.next();
      expect(seen).to.match(/^OPTIONS tel:\+491700000001 SIP\/2\.0\r\n/);
      peer.send(respondTo(seen, '200 OK'));
    });

    it('are refused without a Content-Type, outside of known dialogs, and without anything to cancel or acknowledge', async () => {
      await open();
      const app = await application();
      expect(await app.ask('sip||', `MESSAGE ${target()} SIP/2.0\r\n\r\nhello`)).to.deep.equal([
        'NOK',
        'missing content-type',
      ]);
      expect(await app.ask('sip||x;from-tag=y', 'BYE sip:placeholder SIP/2.0\r\n\r\n')).to.deep.equal([
        'NOK',
        'unable to find dialog',
      ]);
      expect((await app.ask('sip|x|', 'CANCEL sip:a SIP/2.0\r\n\r\n'))[0]).to.equal('NOK');
      expect((await app.ask('sip||x;from-tag=y', 'ACK sip:a SIP/2.0\r\n\r\n'))[0]).to.equal('NOK');
    });

    it('call, are acknowledged and ended inside their dialog', async () => {
      await open();
      const app = await application();
      app.say('sip||', `INVITE ${target()} SIP/2.0\r\n\r\nv=0\r\n`);
      await app.next();
      const invite = await peer.nextOf('INVITE');
      peer.send(respondTo(invite, '200 OK', { lines: [`Contact: <${target()}>`] }));
      const ok = await app.next();
      const dialogId = ok.tokens[9] ?? '';
      expect(dialogId).to.equal(
        `${headerOf(invite, 'Call-ID')};from-tag=${/;tag=(.*)$/.exec(headerOf(invite, 'From') ?? '')?.[1]}`,
      );
      expect((await app.ask(`sip||${dialogId}`, `ACK ${target()} SIP/2.0\r\n\r\n`))[0]).to.equal('OK');
      await peer.nextOf('ACK');
      app.say(`sip||${dialogId}`, 'BYE sip:placeholder SIP/2.0\r\n\r\n');
      const bye = await peer.nextOf('BYE');
      expect(bye).to.contain(`BYE ${target()} SIP/2.0`);
      peer.send(respondTo(bye, '200 OK'));
      expect((await app.next()).tokens[3]).to.equal('OK');
      expect((await app.next()).sip).to.match(/^SIP\/2\.0 200 /);
      expect((await app.ask(`sip||${dialogId}`, 'INFO sip:placeholder SIP/2.0\r\n\r\n'))[0]).to.equal('NOK');
    });

    it('are nobody’s any more where the 2xx has no Contact that can be reached: nothing of them is kept', async () => {
      await open();
      const app = await application();
      app.say('sip||', `INVITE ${target()} SIP/2.0\r\n\r\nv=0\r\n`);
      await app.next();
      peer.send(respondTo(await peer.nextOf('INVITE'), '200 OK', { lines: ['Contact: <tel:+15550100001>'] }));
      const dialogId = (await app.next()).tokens[9] ?? '';
      expect((await app.ask(`sip||${dialogId}`, `ACK ${target()} SIP/2.0\r\n\r\n`))[0]).to.equal('NOK');
      // The words of the face, whose application is unknown, and not of the engine, which would be asked for the dialog of a known one.
      expect(await app.ask(`sip||${dialogId}`, 'INFO sip:placeholder SIP/2.0\r\n\r\n')).to.deep.equal([
        'NOK',
        'unable to find dialog',
      ]);
    });

    it('stay their application’s where it acknowledges twice', async () => {
      await open();
      const app = await application();
      app.say('sip||', `INVITE ${target()} SIP/2.0\r\n\r\nv=0\r\n`);
      await app.next();
      peer.send(respondTo(await peer.nextOf('INVITE'), '200 OK', { lines: [`Contact: <${target()}>`] }));
      const dialogId = (await app.next()).tokens[9] ?? '';
      const ack = (): Promise<readonly string[]> => app.ask(`sip||${dialogId}`, `ACK ${target()} SIP/2.0\r\n\r\n`);
      expect([(await ack())[0], (await ack())[0]]).to.deep.equal(['OK', 'NOK']);
      app.say(`sip||${dialogId}`, 'BYE sip:placeholder SIP/2.0\r\n\r\n');
      peer.send(respondTo(await peer.nextOf('BYE'), '200 OK'));
      expect((await app.next()).tokens[3]).to.equal('OK');
    });

    it('are cancelled when their application goes, and a call that is answered then is ended', async () => {
      await open();
      const app = await application();
      app.say('sip||', `INVITE ${target()} SIP/2.0\r\n\r\nv=0\r\n`);
      const invite = await peer.nextOf('INVITE');
      peer.send(respondTo(invite, '180 Ringing'));
      await app.next();
      await app.next();
      app.drop();
      const cancel = await peer.nextOf('CANCEL');
      peer.send(respondTo(invite, '200 OK', { lines: [`Contact: <${target()}>`] }));
      peer.send(respondTo(cancel, '200 OK'));
      await peer.nextOf('ACK');
      peer.send(respondTo(await peer.nextOf('BYE'), '200 OK'));
    });
  });

  it('closes in spite of an application that does not read', async () => {
    const clock = new FakeClock();
    await open({ clock });
    const app = await application('message');
    app.pause();
    // more than the loopback takes on by itself
    for (let n = 0; n < 300; n++) {
      peer.send(
        request('MESSAGE', { callId: `unread${n}`, lines: ['Content-Type: text/plain'], body: 'x'.repeat(40_000) }),
      );
      await new Promise((resolve) => setImmediate(resolve));
    }
    const closing = face.close();
    await clock.advance(1_000);
    await closing;
  });

  describe('an application in listen mode', () => {
    const targets: Readonly<Record<string, (server: Server, port: number) => AppTarget>> = {
      'over TCP': (_server, port) => ({ host: '127.0.0.1', port }),
      'within the process': (server) => ({ server }),
    };
    for (const [where, targetOf] of Object.entries(targets)) {
      it(`is connected to ${where}, gets every method, and again when it was lost`, async () => {
        await open();
        const app = new ScriptedApp();
        apps.push(app);
        const { server, port } = await app.listen();
        const connected = face.connect(targetOf(server, port));
        await new Promise((resolve) => server.once('connection', resolve));
        expect((await app.ask(`authenticate|${SECRET}|`))[0]).to.equal('OK');
        await connected;
        peer.send(request('MESSAGE'));
        expect((await app.next()).sip).to.match(/^MESSAGE /);
        app.drop();
        await new Promise((resolve) => server.once('connection', resolve));
        expect((await app.ask(`authenticate|${SECRET}|`))[0]).to.equal('OK');
        server.close();
      });
    }

    it('is connected to once it is there, within the process', async () => {
      await open();
      const server = createServer();
      void face.connect({ server });
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => server.once('connection', resolve));
    });
  });
});
