import { expect } from 'chai';
import type { Metrics } from '../../../lib/metrics.js';
import type {
  Call,
  CallDelegate,
  InboundInvite,
  InboundRequest,
  SipAgent,
  SipHandlers,
} from '../../../lib/sip/agent.js';
import { createDrachtioAgent, type DrachtioAgentOptions } from '../../../lib/sip/drachtio/drachtio-agent.js';
import { PeerError } from '../../../lib/errors.js';
import { FakeClock } from '../../support/fake-clock.js';
import { ScriptedEngine, type Told } from './scripted-engine.js';
import { silentLog } from '../silent-log.js';

const MESSAGE = { method: 'MESSAGE', uri: 'tel:+491700000001', headers: [] } as const;

function response(status: number, extra = ''): string {
  return `SIP/2.0 ${status} Whatever\r\nFrom: <sip:bot@a>;tag=ours\r\nTo: <tel:+1>;tag=t\r\nCall-ID: c1\r\nCSeq: 1 X\r\n${extra}Content-Length: 0\r\n\r\n`;
}

function request(method: string, extra = '', body = ''): string {
  const head = `${method} sip:bot@a SIP/2.0\r\nFrom: <tel:+1>;tag=theirs\r\nTo: <sip:bot@a>\r\nCall-ID: c9\r\nCSeq: 7 ${method}\r\n`;
  return `${head}${extra}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

describe('drachtio agent', () => {
  let engine: ScriptedEngine;
  let clock: FakeClock;
  let agent: SipAgent;
  let invites: ((invite: InboundInvite) => void)[];
  let messages: ((message: InboundRequest) => void)[];

  const handlers: SipHandlers = {
    onInvite: (invite) => invites.shift()?.(invite),
    onMessage: (message) => messages.shift()?.(message),
    onOptions: () => {
      throw new Error('a handler that fails');
    },
  };
  const nextInvite = () => new Promise<InboundInvite>((resolve) => invites.push(resolve));
  const nextMessage = () => new Promise<InboundRequest>((resolve) => messages.push(resolve));
  const ended: string[] = [];
  const warned: unknown[][] = [];
  const delegate: CallDelegate = {
    onModify: () => Promise.resolve({ status: 488 }),
    onRequest: () => Promise.reject(new Error('a delegate that fails')),
    onEnd: (reason) => void ended.push(reason),
  };

  function make(options: Partial<DrachtioAgentOptions> = {}): SipAgent {
    const mode = options.mode ?? { kind: 'connect', host: '127.0.0.1', port: engine.port, secret: 'cymru' };
    const log = { ...silentLog, warn: (...line: unknown[]) => void warned.push(line) };
    agent = createDrachtioAgent({ ...options, mode, clock, log });
    return agent;
  }

  beforeEach(async () => {
    engine = await ScriptedEngine.listen();
    clock = new FakeClock();
    invites = [];
    messages = [];
    ended.length = 0;
    warned.length = 0;
  });

  afterEach(async () => {
    await agent.close();
    await engine.close();
    expect(clock.pending, 'timers left behind').to.equal(0);
  });

  describe('start', () => {
    it('is ready once authenticated, and knows where the engine listens', async () => {
      await make().start(handlers);
      expect(agent.ready).to.equal(true);
      expect(agent.listening).to.deep.equal(['udp/127.0.0.1:5060', 'tcp/127.0.0.1:5060']);
    });

    it('rejects a wrong secret', async () => {
      make({ mode: { kind: 'connect', host: '127.0.0.1', port: engine.port, secret: 'other' } });
      const error = await agent.start(handlers).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).to.be.instanceOf(PeerError);
      expect(error).to.include({ status: 403 });
      expect(agent.ready).to.equal(false);
    });

    it('rejects where nobody listens', async () => {
      const { port } = engine;
      await engine.close();
      make({ mode: { kind: 'connect', host: '127.0.0.1', port, secret: 'cymru' } });
      const error = await agent.start(handlers).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).to.be.instanceOf(PeerError);
    });
  });

  describe('a request', () => {
    beforeEach(() => make().start(handlers));

    it('leaves with its headers in order and repeated, and its body as it is', async () => {
      const headers = [
        ['P-Asserted-Identity', '<sip:bot@a>'],
        ['X-A', '1'],
        ['P-Asserted-Identity', '<tel:+2>'],
        ['Content-Type', 'text/plain;charset=UTF-8'],
        ['Content-Length', '7'],
      ] as const;
      const answered = agent.request({
        ...MESSAGE,
        headers,
        body: Buffer.from('grüße\r\n\r\n€'),
        nextHop: 'sip:192.0.2.1:5060',
      });
      const told = await engine.next();
      // A drachtio-server would take any transport that it has, and write another one into Via.
      expect(told.leader).to.equal('sip|||sip:192.0.2.1:5060;transport=udp');
      expect(told.sip.replace(/Content-Length: \d+\r\n/, '')).to.equal(
        'MESSAGE tel:+491700000001 SIP/2.0\r\nP-Asserted-Identity: <sip:bot@a>\r\nX-A: 1\r\n' +
          'P-Asserted-Identity: <tel:+2>\r\nContent-Type: text/plain;charset=UTF-8\r\n\r\ngrüße\r\n\r\n€',
      );
      engine.echoRequest(told, 't1');
      engine.fromNetwork('t1', response(100));
      engine.fromNetwork('t1', response(202, 'X-B: 1\r\nX-B: 2\r\n'));
      const { status, headers: received } = await answered;
      expect(status).to.equal(202);
      expect(received.all('x-b')).to.deep.equal(['1', '2']);
    });

    it('has in Contact the address of the server that it leaves from', async () => {
      const headers = [['Contact', '<sip:bot@iwf.example.net:5060>;+g.gsma.rcs.isbot']] as const;
      void agent.request({ ...MESSAGE, headers, nextHop: 'sip:192.0.2.1;transport=tcp' }).catch(() => undefined);
      expect((await engine.next()).sip).to.include(
        '\r\nContact: <sip:bot@127.0.0.1:5060;transport=tcp>;+g.gsma.rcs.isbot\r\n',
      );
    });

    it('is 408 when no echo comes', async () => {
      const answered = agent.request(MESSAGE);
      await engine.next();
      await clock.advance(34_999);
      await clock.advance(1);
      expect(await answered).to.include({ status: 408 });
    });

    it('is 408 when no response comes, and a late one harms nothing', async () => {
      const answered = agent.request(MESSAGE);
      engine.echoRequest(await engine.next(), 't1');
      await clock.advance(35_000);
      expect(await answered).to.include({ status: 408 });
      engine.fromNetwork('t1', response(200));
      const second = agent.request(MESSAGE);
      engine.echoRequest(await engine.next(), 't2');
      engine.fromNetwork('t2', response(200));
      expect(await second).to.include({ status: 200 });
    });

    it('is 503 when the engine refuses it, 400 where it cannot read the URI', async () => {
      const answered = agent.request(MESSAGE);
      engine.refuse(await engine.next(), 'no');
      expect(await answered).to.include({ status: 503 });
      const unread = agent.request({ ...MESSAGE, uri: 'sip:a;b@c' });
      engine.refuse(await engine.next(), 'invalid request-uri: sip:a;b@c');
      expect(await unread).to.include({ status: 400 });
    });

    it('is 408 when it is aborted', async () => {
      const abort = new AbortController();
      const answered = agent.request(MESSAGE, abort.signal);
      await engine.next();
      abort.abort();
      expect(await answered).to.include({ status: 408 });
    });

    it('is 400 with a value that would end its line, 415 with a body that is no UTF-8; neither is sent', async () => {
      expect(await agent.request({ ...MESSAGE, headers: [['X', 'a\r\nVia: b']] })).to.include({ status: 400 });
      expect(await agent.request({ ...MESSAGE, body: Buffer.from([0xff]) })).to.include({ status: 415 });
      expect(engine.unread).to.equal(0);
    });

    it('is 414 with a URI above 254 bytes, which a drachtio-server reads beyond its copy of it', async () => {
      const uri = (bytes: number) => `sip:${'u'.repeat(bytes - 'sip:@a'.length)}@a`;
      expect(await agent.request({ ...MESSAGE, uri: uri(255) })).to.include({ status: 414 });
      expect((await agent.invite({ ...MESSAGE, method: 'INVITE', uri: uri(255) }, delegate)).response).to.include({
        status: 414,
      });
      expect(engine.unread).to.equal(0);
      void agent.request({ ...MESSAGE, uri: uri(254) }).catch(() => undefined);
      expect((await engine.next()).sip).to.include('u@a SIP/2.0');
    });

    it('is 415 with NUL in its body, where a drachtio-server would end it', async () => {
      const headers = [['Content-Type', 'text/plain']] as const;
      expect(await agent.request({ ...MESSAGE, headers, body: Buffer.from('a\0b') })).to.include({ status: 415 });
      expect(engine.unread).to.equal(0);
    });

    it('is 513 above 11,000 bytes, which a drachtio-server would hang on [sip.drachtio.maxFrameBytes]', async () => {
      const type = [['Content-Type', 'text/plain']] as const;
      expect(await agent.request({ ...MESSAGE, headers: type, body: Buffer.alloc(11_000, 97) })).to.include({
        status: 513,
      });
      void agent.request({ ...MESSAGE, headers: type, body: Buffer.alloc(10_000, 97) }).catch(() => undefined);
      expect((await engine.next()).sip).to.have.length.above(10_000);
    });

    it('waits while too much is without its echo', async () => {
      const draft = { ...MESSAGE, headers: [['Content-Type', 'text/plain']], body: Buffer.alloc(3_500, 97) } as const;
      const answered = Array.from({ length: 10 }, () => agent.request(draft));
      const first: Told[] = [];
      while (first.length < 8) first.push(await engine.next());
      await clock.advance(0);
      expect(engine.unread).to.equal(0);
      for (const [n, told] of first.entries()) engine.echoRequest(told, `t${n}`);
      engine.echoRequest(await engine.next(), 't8');
      engine.echoRequest(await engine.next(), 't9');
      for (let n = 0; n < 10; n++) engine.fromNetwork(`t${n}`, response(200));
      for (const { status } of await Promise.all(answered)) expect(status).to.equal(200);
    });

    it('never fills the 12,228 bytes of a drachtio-server that is busy, with ACK, CANCEL and answers either', async () => {
      const draft = { ...MESSAGE, headers: [['Content-Type', 'text/plain']], body: Buffer.alloc(9_000, 97) } as const;
      const dialed = Array.from({ length: 30 }, () => agent.invite({ ...MESSAGE, method: 'INVITE' }, delegate));
      for (let n = 0; n < 30; n++) engine.echoRequest(await engine.next(), `t${n}`);
      const contact = `Contact: <sip:phone@192.0.2.7>\r\n`;
      for (let n = 0; n < 30; n++)
        engine.fromNetwork(`t${n}`, response(200, contact), `c${n}-${'c'.repeat(200)};from-tag=ours`);
      await turn();
      engine.busy = true;
      const answered = Array.from({ length: 4 }, () => agent.request(draft));
      for (let before = -1; before < engine.received;) {
        before = engine.received;
        await turn();
      }
      engine.resume();
      const said: string[] = [];
      while (said.length < 34) {
        const told = await engine.next();
        said.push(told.sip.slice(0, 4));
        engine.echoRequest(told, `m${said.length}`);
        if (told.sip.startsWith('MESSAGE')) engine.fromNetwork(`m${said.length}`, response(200));
      }
      expect((await Promise.all(answered)).map(({ status }) => status)).to.deep.equal([200, 200, 200, 200]);
      expect((await Promise.all(dialed)).map(({ kind }) => kind)).to.deep.equal(
        Array.from({ length: 30 }, () => 'accepted'),
      );
      expect(said.filter((line) => line === 'ACK ')).to.have.length(30);
    });

    it('rejects once the agent is closed', async () => {
      const pending = agent.request(MESSAGE).then(
        () => undefined,
        (error: unknown) => error,
      );
      await engine.next();
      await agent.close();
      expect(await pending).to.be.instanceOf(PeerError);
      const error = await agent.request(MESSAGE).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).to.be.instanceOf(PeerError);
    });
  });

  describe('a lost connection', () => {
    beforeEach(() => make().start(handlers));

    it('ends what waits with 503, and comes back by itself', async () => {
      const answered = agent.request(MESSAGE);
      const dialed = agent.invite({ ...MESSAGE, method: 'INVITE' }, delegate);
      await engine.next();
      await engine.next();
      engine.drop();
      expect(await answered).to.include({ status: 503 });
      expect((await dialed).response.status).to.equal(503);
      expect(agent.ready).to.equal(false);
      expect(await agent.request(MESSAGE)).to.include({ status: 503 });
      await clock.advance(100);
      await untilReady();
      const again = agent.request(MESSAGE);
      engine.echoRequest(await engine.next(), 't1');
      engine.fromNetwork('t1', response(200));
      expect(await again).to.include({ status: 200 });
    });

    it('comes back by itself where the engine at first takes the connection, and does not answer [IWF-1725]', async () => {
      engine.mute = true;
      engine.drop();
      while (agent.ready) await turn();
      await clock.advance(100);
      while (engine.greeted < 2) await turn();
      await clock.advance(5_000);
      expect(agent.ready).to.equal(false);
      engine.mute = false;
      await clock.advance(200);
      await untilReady();
      expect(engine.greeted).to.equal(3);
    });

    it('follows where the engine is out of step, at once, and nothing of what it said is logged', async () => {
      const next = '70#u|sip|network|9|udp|192.0.2.7|5071|10:00:00.000000|t1||\r\nMESSAGE sip:';
      for (const bytes of [
        `20#u|sip|network|9|ud\r\n+4917000#${next}`,
        `8#u|sip|ne${next}`,
        `49170000000001#+${next}`,
      ]) {
        const greeted = engine.greeted;
        engine.write(bytes);
        for (let n = 0; n < 5; n++) engine.write('x'.repeat(1024 * 1024));
        while (agent.ready) await turn();
        await clock.advance(100);
        await untilReady();
        expect(engine.greeted).to.equal(greeted + 1);
      }
      expect(warned.map(([line]) => line)).to.include('sip engine out of step');
      expect(JSON.stringify(warned)).not.to.include('4917');
    });

    it('is noticed by silence', async () => {
      const dialed = agent.invite({ ...MESSAGE, method: 'INVITE' }, delegate);
      await engine.next();
      await clock.advance(45_000);
      expect((await dialed).response.status).to.equal(503);
      expect(agent.ready).to.equal(false);
      await clock.advance(100);
      await untilReady();
    });

    it('ends calls as lost', async () => {
      await established();
      engine.drop();
      while (agent.ready) await turn();
      expect(ended).to.deep.equal(['lost']);
    });
  });

  describe('calls of a lost connection, which a drachtio-server keeps and refreshes', () => {
    beforeEach(() => make().start(handlers));

    it('are ended by BYE over the next one, once', async () => {
      await established();
      engine.drop();
      while (agent.ready) await turn();
      await clock.advance(100);
      await untilReady();
      const bye = await engine.next();
      expect(bye.leader).to.equal('sip||c1;from-tag=ours');
      expect(bye.sip).to.match(/^BYE sip:placeholder SIP\/2.0\r\n/);
      engine.echoRequest(bye, 'b1');
      engine.fromNetwork('b1', response(200));
      const asked = agent.request(MESSAGE);
      engine.echoRequest(await engine.next(), 't9');
      engine.fromNetwork('t9', response(200));
      await asked;
      expect(engine.unread).to.equal(0);
      expect(ended).to.deep.equal(['lost']);
    });

    it('are forgotten where their server has ended with them', async () => {
      await established();
      engine.drop();
      while (agent.ready) await turn();
      await clock.advance(100);
      await untilReady();
      engine.refuse(await engine.next(), 'Server error: unable to find dialog for dialog id provided');
      await turn();
      expect(engine.unread).to.equal(0);
    });
  });

  describe('INVITE to the network', () => {
    beforeEach(() => make({ inviteTimeoutMs: 30_000 }).start(handlers));

    it('is acknowledged, and ended by BYE inside its dialog', async () => {
      const call = await established();
      expect(call).to.include({ callId: 'c1', remoteTarget: 'sip:phone@192.0.2.7:5071' });
      const gone = call.bye([['Reason', 'SIP;cause=200']]);
      const bye = await engine.next();
      expect(bye.leader).to.equal('sip||c1;from-tag=ours');
      expect(bye.sip).to.match(/^BYE sip:placeholder SIP\/2.0\r\nReason: SIP;cause=200\r\n/);
      engine.echoRequest(bye, 't2');
      engine.fromNetwork('t2', response(200));
      await gone;
      await call.bye();
      expect(ended).to.deep.equal([]);
      expect(engine.unread).to.equal(0);
    });

    it('is 502 where its ACK cannot leave: the 2xx had no Contact that can be reached; one line is logged', async () => {
      const dialed = agent.invite({ ...MESSAGE, method: 'INVITE' }, delegate);
      engine.echoRequest(await engine.next(), 't1');
      engine.fromNetwork('t1', response(200), 'c1;from-tag=ours');
      engine.refuse(await engine.next(), 'no way for the ACK');
      expect((await dialed).response).to.deep.include({
        status: 502,
        reason: 'The answer has no Contact that can be reached',
      });
      expect(warned).to.deep.equal([['ack not sent', { problem: 'no way for the ACK' }]]);
      expect(ended).to.deep.equal([]);
    });

    it('is accepted where the engine does not say in time that the ACK has left', async () => {
      const dialed = agent.invite({ ...MESSAGE, method: 'INVITE' }, delegate);
      engine.echoRequest(await engine.next(), 't1');
      engine.fromNetwork('t1', response(200), 'c1;from-tag=ours');
      await engine.next();
      await clock.advance(5_000);
      expect((await dialed).kind).to.equal('accepted');
    });

    it('is cancelled by the abort signal, outcome 487', async () => {
      const abort = new AbortController();
      const dialed = agent.invite({ ...MESSAGE, method: 'INVITE' }, delegate, abort.signal);
      engine.echoRequest(await engine.next(), 't1');
      engine.fromNetwork('t1', response(180));
      await turn();
      await turn();
      abort.abort();
      const cancel = await engine.next();
      expect(cancel.leader).to.equal('sip|t1|');
      expect(cancel.sip).to.match(/^CANCEL /);
      engine.echoRequest(cancel, 't9');
      engine.fromNetwork('t1', response(487), 'c1;from-tag=ours');
      expect((await dialed).response.status).to.equal(487);
    });

    it('aborted before its echo is cancelled as soon as that comes', async () => {
      const abort = new AbortController();
      const dialed = agent.invite({ ...MESSAGE, method: 'INVITE' }, delegate, abort.signal);
      const told = await engine.next();
      abort.abort();
      engine.echoRequest(told, 't1');
      expect((await engine.next()).leader).to.equal('sip|t1|');
      engine.fromNetwork('t1', response(487));
      expect((await dialed).response.status).to.equal(487);
    });

    it('aborted, but answered all the same, is acknowledged and ended, outcome 487', async () => {
      const abort = new AbortController();
      const dialed = agent.invite({ ...MESSAGE, method: 'INVITE' }, delegate, abort.signal);
      engine.echoRequest(await engine.next(), 't1');
      engine.fromNetwork('t1', response(180));
      await turn();
      await turn();
      abort.abort();
      await engine.next();
      await answerLate('t1');
      expect((await dialed).response.status).to.equal(487);
    });

    it('is 408 and cancelled after its time; a late 2xx is acknowledged and ended', async () => {
      const dialed = agent.invite({ ...MESSAGE, method: 'INVITE' }, delegate);
      engine.echoRequest(await engine.next(), 't1');
      engine.fromNetwork('t1', response(180));
      await turn();
      await turn();
      await clock.advance(30_000);
      expect((await dialed).response.status).to.equal(408);
      expect((await engine.next()).sip).to.match(/^CANCEL /);
      await answerLate('t1');
    });

    it('refuses an UPDATE that crosses it with 491', async () => {
      const dialed = agent.invite({ ...MESSAGE, method: 'INVITE' }, delegate);
      engine.echoRequest(await engine.next(), 't1');
      engine.fromNetwork('u1', request('UPDATE').replace('c9', 'c1'), 'c1;from-tag=ours');
      const refused = await engine.next();
      expect(refused.sip).to.match(/^SIP\/2.0 491 /);
      engine.echoResponse(refused);
      engine.fromNetwork('t1', response(486));
      expect((await dialed).response).to.include({ status: 486, reason: 'Whatever' });
    });

    it('is lost when the engine ends it by itself', async () => {
      await established();
      engine.unsolicited('c1;from-tag=ours', request('BYE'));
      await turn();
      while (ended.length === 0) await turn();
      expect(ended).to.deep.equal(['lost']);
    });
  });

  it('counts requests with their final answers, in words of its own, where the engine is elsewhere', async () => {
    const counts: string[] = [];
    const metrics = {
      count: (name: string, labels = {}) => void counts.push([name, ...Object.values(labels)].join(' ')),
      observe: () => undefined,
    };
    await make({ metrics }).start(handlers);
    const coming = nextMessage();
    engine.fromNetwork('m1', request('MESSAGE'));
    const answered = (await coming).answer({ status: 503 });
    engine.echoResponse(await engine.next());
    await answered;
    engine.fromNetwork('m2', request('X-Anything'));
    engine.echoResponse(await engine.next());
    const asked = agent.request(MESSAGE);
    engine.echoRequest(await engine.next(), 't1');
    engine.fromNetwork('t1', response(180));
    engine.fromNetwork('t1', response(499));
    await asked;
    await agent.invite({ ...MESSAGE, method: 'INVITE' }, delegate, AbortSignal.abort());
    expect(counts).to.have.members([
      'sip_requests_total inbound MESSAGE 503',
      'sip_requests_total inbound other 405',
      'sip_requests_total outbound MESSAGE 400',
    ]);
  });

  describe('a request of the network', () => {
    beforeEach(() => make().start(handlers));

    it('is seen with its headers as they stood, and answered in its transaction', async () => {
      const coming = nextMessage();
      engine.fromNetwork('m1', request('MESSAGE', 'X-A: 1\r\nc: text/plain\r\nX-A: 2,3\r\n', 'größe\r\n\r\n'));
      const message = await coming;
      expect(message).to.deep.include({ method: 'MESSAGE', uri: 'sip:bot@a', callId: 'c9' });
      expect(message.headers.all('X-A')).to.deep.equal(['1', '2,3']);
      expect(message.headers.get('Content-Type')).to.equal('text/plain');
      expect(message.body.toString()).to.equal('größe\r\n\r\n');
      expect(message.peer).to.deep.equal({ protocol: 'udp', address: '192.0.2.7', port: 5071 });
      const answered = message.answer({
        status: 200,
        headers: [
          ['X-R', '1'],
          ['X-R', '2'],
        ],
      });
      const told = await engine.next();
      expect(told.leader).to.equal('sip|m1|');
      expect(told.sip)
        .to.match(/^SIP\/2.0 200 OK\r\n/)
        .and.include('\r\nX-R: 1\r\nX-R: 2\r\nContent-Length: 0\r\n\r\n');
      engine.echoResponse(told);
      await answered;
      await message.answer({ status: 500 });
      expect(engine.unread).to.equal(0);
    });

    it('rejects the answer that the engine refuses, or does not take in time', async () => {
      const first = nextMessage();
      engine.fromNetwork('m1', request('MESSAGE'));
      const refused = (await first).answer({ status: 200 }).then(
        () => undefined,
        (error: unknown) => error,
      );
      engine.refuse(await engine.next(), 'too late');
      expect(await refused).to.be.instanceOf(PeerError);
      const second = nextMessage();
      engine.fromNetwork('m2', request('MESSAGE'));
      const late = (await second).answer({ status: 200 }).then(
        () => undefined,
        (error: unknown) => error,
      );
      await engine.next();
      await clock.advance(5_000);
      expect(await late).to.include({ status: 408 });
    });

    it('is answered 500 where nobody answers it, or the handler fails', async () => {
      const coming = nextMessage();
      engine.fromNetwork('m1', request('MESSAGE'));
      await coming;
      await clock.advance(35_000);
      const forgotten = await engine.next();
      expect(forgotten.sip).to.match(/^SIP\/2.0 500 /);
      engine.echoResponse(forgotten);
      engine.fromNetwork('o1', request('OPTIONS'));
      const failed = await engine.next();
      expect(failed.leader).to.equal('sip|o1|');
      expect(failed.sip).to.match(/^SIP\/2.0 500 /);
      engine.echoResponse(failed);
      await turn();
      await clock.advance(40_000);
    });

    it('is refused with 420 where it requires what we do not know, which a drachtio-server leaves to us', async () => {
      engine.fromNetwork('n5', request('INVITE', 'Require: timer\r\nRequire: 100rel, precondition\r\n'));
      const refused = await engine.next();
      expect(refused.leader).to.match(/^sip\|n5\|/);
      expect(refused.sip).to.match(/^SIP\/2.0 420 Bad Extension\r\n/);
      expect(refused.sip).to.include('\r\nUnsupported: 100rel, precondition\r\n');
      engine.echoResponse(refused);
      const handed = nextMessage();
      engine.fromNetwork('n6', request('MESSAGE', 'Require: Timer\r\n'));
      void (await handed).answer({ status: 200 });
      engine.echoResponse(await engine.next());
    });

    it('is refused with 405 and Allow where the method is none of ours, 481 in a dialog that we do not know', async () => {
      engine.fromNetwork('s1', request('SUBSCRIBE'));
      const refused = await engine.next();
      expect(refused.sip)
        .to.match(/^SIP\/2.0 405 /)
        .and.include('Allow: INVITE, ACK');
      engine.echoResponse(refused);
      engine.fromNetwork('i1', request('INFO'), 'gone;from-tag=x');
      const unknown = await engine.next();
      expect(unknown.sip).to.match(/^SIP\/2.0 481 /);
      engine.echoResponse(unknown);
    });
  });

  describe('what a drachtio-server hands on unasked', () => {
    beforeEach(() => make({ minSeS: 120 }).start(handlers));

    it('is 481 where it names a dialog that nobody has: who asks whether a call stands is not told 200', async () => {
      for (const method of ['OPTIONS', 'MESSAGE', 'INFO']) {
        const text = request(method).replace('To: <sip:bot@a>', 'To: "a;tag=b" <sip:bot@a;tag=c> ; Tag=gone');
        engine.fromNetwork(`d${method}`, text);
        const refused = await engine.next();
        expect(refused.sip).to.match(/^SIP\/2.0 481 /);
        engine.echoResponse(refused);
      }
      const coming = nextMessage();
      engine.fromNetwork('m1', request('MESSAGE').replace('To: <sip:bot@a>', 'To: "a;tag=b" <sip:bot@a;tag=c>'));
      void (await coming).answer({ status: 200 });
      engine.echoResponse(await engine.next());
    });

    it('is 422 where the session timer is too short, unless the caller knows of none [sip.minSeS]', async () => {
      engine.fromNetwork('i1', request('INVITE', 'Supported: 100rel, Timer\r\nSession-Expires: 119;refresher=uas\r\n'));
      const refused = await engine.next();
      expect(refused.sip)
        .to.match(/^SIP\/2.0 422 /)
        .and.include('\r\nMin-SE: 120\r\n');
      engine.echoResponse(refused);
      for (const lines of ['Session-Expires: 60\r\n', 'Supported: timer\r\nSession-Expires: 120\r\n']) {
        const coming = nextInvite();
        engine.fromNetwork(`i${lines.length}`, request('INVITE', lines));
        void (await coming).answer({ status: 486 });
        engine.echoResponse(await engine.next());
      }
    });
  });

  describe('a peer that is not trusted', () => {
    const counted: unknown[] = [];
    beforeEach(() => {
      counted.length = 0;
      const count: Metrics['count'] = (name, labels) => {
        if (name === 'sip_untrusted_total') counted.push([name, labels]);
      };
      return make({
        metrics: { count, observe: () => undefined },
        trusted: (address) => address === '192.0.2.8',
      }).start(handlers);
    });

    it('is refused with 403 before any handler hears it, and counted [IWF-1712]', async () => {
      for (const method of ['MESSAGE', 'INVITE', 'OPTIONS', 'SUBSCRIBE']) {
        engine.fromNetwork(`x${method}`, request(method));
        const refused = await engine.next();
        expect(refused.leader).to.equal(`sip|x${method}|`);
        expect(refused.sip).to.match(/^SIP\/2.0 403 /);
        engine.echoResponse(refused);
      }
      expect(counted).to.deep.equal(Array.from({ length: 4 }, () => ['sip_untrusted_total', { protocol: 'udp' }]));
    });

    it('is heard inside a call of ours, which no stranger can name', async () => {
      const call = await established();
      engine.fromNetwork('b1', request('BYE'), 'c1;from-tag=ours');
      const told = await engine.next();
      expect(told.sip).to.match(/^SIP\/2.0 200 /);
      engine.echoResponse(told);
      expect(ended).to.deep.equal(['bye']);
      expect(counted).to.deep.equal([]);
      await call.bye();
    });

    it('is another one than who is', async () => {
      const coming = nextMessage();
      engine.fromNetwork('m1', request('MESSAGE'), '', '192.0.2.8');
      const answered = (await coming).answer({ status: 200 });
      engine.echoResponse(await engine.next());
      await answered;
      expect(counted).to.deep.equal([]);
    });
  });

  describe('INVITE of the network', () => {
    beforeEach(() => make().start(handlers));

    it('becomes a call with the echo of its 2xx, and hears its ACK', async () => {
      const acks: string[] = [];
      const { call } = await acceptedCall({ ...delegate, onAck: ({ body }) => void acks.push(body.toString()) });
      expect(call).to.include({ callId: 'c9', remoteTarget: 'sip:phone@192.0.2.7' });
      engine.fromNetwork('i1', request('ACK', 'Content-Type: application/sdp\r\n', 'v=0\r\n'), 'c9;from-tag=theirs');
      while (acks.length === 0) await turn();
      expect(acks).to.deep.equal(['v=0\r\n']);
    });

    it('tells of CANCEL once, and can be answered no more', async () => {
      const coming = nextInvite();
      engine.fromNetwork('i1', request('INVITE', 'Contact: <sip:phone@192.0.2.7>\r\n'));
      const invite = await coming;
      let cancelled = 0;
      invite.onCancel = () => {
        cancelled++;
      };
      engine.fromNetwork('i1', request('CANCEL'));
      while (cancelled === 0) await turn();
      const error = await invite.accept({ status: 200 }, delegate).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).to.include({ status: 487 });
      expect(cancelled).to.equal(1);
      expect(engine.unread).to.equal(0);
    });

    it('whose 2xx is echoed too late is ended', async () => {
      const coming = nextInvite();
      engine.fromNetwork('i1', request('INVITE', 'Contact: <sip:phone@192.0.2.7>\r\n'));
      const accepting = (await coming).accept({ status: 200 }, delegate).then(
        () => undefined,
        (error: unknown) => error,
      );
      const told = await engine.next();
      await clock.advance(5_000);
      expect(await accepting).to.include({ status: 408 });
      engine.echoResponse(told, 'c9;from-tag=theirs');
      const bye = await engine.next();
      expect(bye.leader).to.equal('sip||c9;from-tag=theirs');
      engine.echoRequest(bye, 'b1');
      engine.fromNetwork('b1', response(200));
      await turn();
    });

    it('answers re-INVITE and UPDATE through its delegate, and 500 where that fails', async () => {
      await acceptedCall(delegate);
      engine.fromNetwork('r1', request('INVITE'), 'c9;from-tag=theirs');
      const modify = await engine.next();
      expect(modify.sip).to.match(/^SIP\/2.0 488 /);
      engine.echoResponse(modify, 'c9;from-tag=theirs');
      engine.fromNetwork('u1', request('UPDATE'), 'c9;from-tag=theirs');
      const update = await engine.next();
      expect(update.sip).to.match(/^SIP\/2.0 488 /);
      engine.echoResponse(update, 'c9;from-tag=theirs');
      engine.fromNetwork('u2', request('UPDATE', 'Require: precondition\r\n'), 'c9;from-tag=theirs');
      const required = await engine.next();
      expect(required.sip).to.match(/^SIP\/2.0 420 /);
      engine.echoResponse(required, 'c9;from-tag=theirs');
      engine.fromNetwork('m1', request('MESSAGE'), 'c9;from-tag=theirs');
      const failed = await engine.next();
      expect(failed.sip).to.match(/^SIP\/2.0 500 /);
      engine.echoResponse(failed, 'c9;from-tag=theirs');
    });

    it('sends requests inside its dialog; a dialog that is gone is 481', async () => {
      const { call } = await acceptedCall(delegate);
      const answered = call.request({
        method: 'INVITE',
        headers: [['Content-Type', 'application/sdp']],
        body: Buffer.from('v=0\r\n'),
      });
      const told = await engine.next();
      expect(told.leader).to.equal('sip||c9;from-tag=theirs');
      engine.echoRequest(told, 'r1');
      engine.fromNetwork('r1', response(200, 'Contact: <sip:moved@192.0.2.8>\r\n'), 'c9;from-tag=theirs');
      expect((await engine.next()).sip).to.match(/^ACK /);
      expect(await answered).to.include({ status: 200 });
      expect(call.remoteTarget).to.equal('sip:moved@192.0.2.8');
      const second = call.request({ method: 'MESSAGE' });
      engine.refuse(await engine.next(), 'unable to find dialog');
      expect(await second).to.include({ status: 481 });
    });

    it('ends with the BYE of the peer, once', async () => {
      const { call } = await acceptedCall(delegate);
      engine.fromNetwork('b1', request('BYE'), 'c9;from-tag=theirs');
      const told = await engine.next();
      expect(told.sip).to.match(/^SIP\/2.0 200 /);
      engine.echoResponse(told);
      expect(ended).to.deep.equal(['bye']);
      await call.bye();
      expect(await call.request({ method: 'INFO' })).to.include({ status: 481 });
      expect(engine.unread).to.equal(0);
    });
  });

  async function established(): Promise<Call> {
    const dialed = agent.invite({ ...MESSAGE, method: 'INVITE' }, delegate);
    engine.echoRequest(await engine.next(), 't1');
    engine.fromNetwork('t1', response(200, 'Contact: <sip:phone@192.0.2.7:5071>;x\r\n'), 'c1;from-tag=ours');
    const ack = await engine.next();
    expect(ack.leader).to.equal('sip||c1;from-tag=ours');
    expect(ack.sip).to.match(/^ACK tel:\+491700000001 SIP\/2.0\r\n/);
    engine.echoRequest(ack, 'a1');
    const outcome = await dialed;
    if (outcome.kind !== 'accepted') throw new Error('not accepted');
    return outcome.call;
  }

  async function acceptedCall(listener: CallDelegate): Promise<{ call: Call }> {
    const coming = nextInvite();
    engine.fromNetwork('i1', request('INVITE', 'Contact: <sip:phone@192.0.2.7>\r\n'));
    const accepting = (await coming).accept({ status: 200 }, listener);
    const told = await engine.next();
    expect(told.leader).to.equal('sip|i1|');
    engine.echoResponse(told, 'c9;from-tag=theirs');
    return { call: await accepting };
  }

  async function answerLate(txnId: string): Promise<void> {
    engine.fromNetwork(txnId, response(200, 'Contact: <sip:phone@192.0.2.7>\r\n'), 'c1;from-tag=ours');
    expect((await engine.next()).sip).to.match(/^ACK /);
    const bye = await engine.next();
    expect(bye.sip).to.match(/^BYE /);
    engine.echoRequest(bye, 'b1');
    engine.fromNetwork('b1', response(200));
    await turn();
  }

  async function untilReady(): Promise<void> {
    while (!agent.ready) await turn();
  }
});

/** Lets what is on its way through the loopback arrive. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
