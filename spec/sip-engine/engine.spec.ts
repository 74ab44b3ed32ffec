import { expect } from 'chai';
import type { HeaderLine, SipMessage } from '../../lib/sip-engine/api.js';
import { createEngine } from '../../lib/sip-engine/engine.js';
import { FakeClock } from '../support/fake-clock.js';
import {
  requestText,
  responseText,
  ScriptedPath,
  ScriptedTransport,
  toTagOf,
  type RequestText,
} from './transaction/scripted-transport.js';
import { send, stage, type Stage } from './stage.js';

/** Sends what the peer says, and takes what came back. */
function ask(on: Stage, of: RequestText): SipMessage {
  on.net.receive(requestText(of));
  const answers = on.net.take().filter((message) => message.status !== 100);
  expect(answers).to.have.length(1);
  return answers[0]!;
}

const OK = { status: 200, headers: [] } as const;
const ALLOWED = 'INVITE, ACK, CANCEL, BYE, UPDATE, MESSAGE, OPTIONS, INFO';

describe('The duties of a server (RFC 3261 §8.2)', () => {
  const refusals: readonly (readonly [string, RequestText, number, HeaderLine?])[] = [
    ['unknown method', { method: 'PUBLISH' }, 405, ['Allow', ALLOWED]],
    ['a method that SIP has no name for', { method: 'publish' }, 501, ['Allow', ALLOWED]],
    ['a SIP URI that is none', { method: 'PUBLISH', uri: 'sip:2001:db8::10' }, 400],
    ['unknown scheme', { method: 'MESSAGE', uri: 'mailto:bot@example.net' }, 416],
    [
      'unknown extension',
      { method: 'MESSAGE', lines: ['Require: timer, precondition'] },
      420,
      ['Unsupported', 'precondition'],
    ],
    [
      'encoded body',
      { method: 'MESSAGE', lines: ['Content-Encoding: gzip'], body: 'x' },
      415,
      ['Accept-Encoding', 'identity'],
    ],
    ['short session', { method: 'INVITE', lines: ['Supported: timer', 'Session-Expires: 60'] }, 422, ['Min-SE', '90']],
    ['unknown dialog', { method: 'MESSAGE', toTag: 'nobody' }, 481],
    ['BYE without a dialog', { method: 'BYE' }, 481],
    ['CANCEL of nothing', { method: 'CANCEL' }, 481],
  ];
  for (const [title, request, status, header] of refusals) {
    it(`${title}: ${status}`, async () => {
      const on = await stage();
      const answer = ask(on, request);
      expect(answer.status).to.equal(status);
      if (header) expect(answer.header(header[0])).to.equal(header[1]);
      expect(on.requests).to.deep.equal([]);
    });
  }

  it('a body that is no UTF-8: 415 with Accept [IWF-1615]', async () => {
    const on = await stage();
    on.net.receive(Buffer.from(requestText({ method: 'MESSAGE', body: 'caf\xe9' }).replace(': 5', ': 4'), 'latin1'));
    const [answer] = on.net.take();
    expect(answer?.status).to.equal(415);
    expect(answer?.header('Accept')).to.contain('message/cpim');
    expect(answer?.header('Accept-Encoding')).to.be.undefined;
  });

  it('leaves such a body alone where the option says so', async () => {
    const on = await stage({ utf8Bodies: false });
    on.net.receive(Buffer.from(requestText({ method: 'MESSAGE', body: 'caf\xe9' }).replace(': 5', ': 4'), 'latin1'));
    expect(on.requests[0]?.request.body).to.deep.equal(Buffer.from('caf\xe9', 'latin1'));
  });

  it('merged requests: 482', async () => {
    const on = await stage();
    on.net.receive(requestText({ method: 'MESSAGE' }));
    expect(ask(on, { method: 'MESSAGE' }).status).to.equal(482);
    on.requests[0]?.respond(OK);
    on.net.take();
    expect(ask(on, { method: 'MESSAGE' }).status).to.equal(482);
    expect(on.requests).to.have.length(1);
  });

  it('malformed: 400 where the sender can be told, else dropped, always counted', async () => {
    const on = await stage();
    on.net.receive(requestText({ method: 'MESSAGE' }).replace(/Call-ID.*\r\n/, ''));
    expect(String(on.net.sent.splice(0)[0])).to.match(/^SIP\/2.0 400 Bad Request\r\nVia: /);
    on.net.receive('nonsense');
    on.net.receive(requestText({ method: 'MESSAGE' }).replace(/Via.*\r\n/, ''));
    on.net.receive(requestText({ method: 'ACK' }).replace(/Call-ID.*\r\n/, ''));
    expect(on.net.take()).to.deep.equal([]);
    expect(on.counted.filter((name) => name === 'sip_malformed_total')).to.have.length(4);
  });

  it('answers OPTIONS to the gateway itself, 503 while draining', async () => {
    const on = await stage({ localHosts: ['gateway.example.net:5060'] });
    for (const uri of [
      'sip:192.0.2.1:5060',
      'sip:192.0.2.1',
      'sip:gateway.example.net',
      'sip:192.0.2.1;transport=udp',
    ]) {
      const answer = ask(on, { method: 'OPTIONS', uri, callId: uri });
      expect(answer.status, uri).to.equal(200);
      expect(answer.header('Allow')).to.contain('MESSAGE');
    }
    on.engine.setDraining(true);
    const answer = ask(on, { method: 'OPTIONS', uri: 'sip:192.0.2.1:5060' });
    expect(answer.status).to.equal(503);
    expect(answer.header('Retry-After')).to.equal('30');
    on.net.receive(requestText({ method: 'OPTIONS', uri: 'sip:bot@192.0.2.1', callId: 'other' }));
    on.net.receive(requestText({ method: 'OPTIONS', uri: 'sip:192.0.2.1:5070', callId: 'more' }));
    expect(on.requests).to.have.length(2);
  });

  it('answers OPTIONS to a user who is nobody at our address, too, as load balancers ask', async () => {
    const on = await stage({ nobody: (user) => user !== 'bot' });
    expect(ask(on, { method: 'OPTIONS', uri: 'sip:ping@192.0.2.1' }).status).to.equal(200);
    for (const uri of ['sip:bot@192.0.2.1', 'sip:ping@192.0.2.2', 'sip:ping@gateway.example.net'])
      on.net.receive(requestText({ method: 'OPTIONS', uri, callId: uri }));
    expect(on.requests).to.have.length(3);
    on.engine.setDraining(true);
    expect(ask(on, { method: 'OPTIONS', uri: 'sip:ping@192.0.2.1', callId: 'later' }).status).to.equal(503);
  });

  it('copies Timestamp into a 100, with how long it took (§8.2.6.1)', async () => {
    const on = await stage();
    on.net.receive(requestText({ method: 'INVITE', lines: ['Timestamp: 54.2'] }));
    await on.clock.advance(200);
    const [trying] = on.net.take();
    expect(trying?.status).to.equal(100);
    expect(trying?.header('Timestamp')).to.equal('54.2 0.200');
    on.requests[0]?.respond({ status: 180, headers: [] });
    expect(on.net.take()[0]?.header('Timestamp')).to.be.undefined;
    on.net.receive(requestText({ method: 'INVITE', callId: 'other' }));
    on.requests[1]?.respond({ status: 100, headers: [] });
    expect(on.net.take()[0]?.header('Timestamp')).to.be.undefined;
  });

  it('an INVITE unanswered when its Expires is over: 487 (§13.3.1)', async () => {
    const on = await stage();
    on.net.receive(requestText({ method: 'INVITE', lines: ['Expires: 5'] }));
    on.net.receive(requestText({ method: 'INVITE', callId: 'answered', lines: ['Expires: 5'] }));
    on.net.receive(requestText({ method: 'INVITE', callId: 'slip', lines: ['Expires: 0'] }));
    on.net.receive(requestText({ method: 'INVITE', callId: 'longer', lines: ['Expires: 3600'] }));
    on.requests[0]?.respond({ status: 180, headers: [] });
    on.requests[1]?.respond({ status: 486, headers: [] });
    await on.clock.advance(4_999);
    on.net.take();
    await on.clock.advance(1);
    expect(on.net.takeShort()).to.deep.equal(['487 INVITE']);
    expect(() => on.requests[0]?.respond(OK)).to.throw('the final response');
    expect(on.engine.inHand.dialogs).to.equal(0);
    await on.clock.advance(175_000);
    expect(new Set(on.net.takeShort())).to.deep.equal(new Set(['487 INVITE', '486 INVITE', '480 INVITE']));
  });

  it('stamps the topmost Via with received and rport (RFC 3581), and keeps the others', async () => {
    const on = await stage();
    const more = 'Via: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bKinner';
    on.net.receive(requestText({ method: 'MESSAGE', branch: 'z9hG4bKtop', lines: [more] }));
    on.requests[0]?.respond(OK);
    expect(on.net.take()[0]?.headers('Via')).to.deep.equal([
      'SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKtop;rport=5060;received=192.0.2.9',
      more.slice(5),
    ]);
  });

  it('takes neither From nor Via from the application, and no line break from anyone', async () => {
    const on = await stage();
    on.net.receive(requestText({ method: 'MESSAGE' }));
    const request = on.requests[0]!;
    expect(() => request.respond({ status: 200, headers: [['X', 'a\r\nVia: evil']] })).to.throw('line break');
    expect(() => request.respond({ status: 200, headers: [['X Y', 'a']] })).to.throw('header name');
    expect(() => request.respond({ status: 200, reason: 'a\r\nb', headers: [] })).to.throw('line break');
    const sent = request.respond({
      status: 200,
      headers: [
        ['Via', 'x'],
        ['From', 'y'],
        ['X', 'é'],
      ],
    });
    expect(sent.message.header('From')).to.equal('<tel:+15550001>;tag=peer');
    expect(sent.message.headers('Via')).to.have.length(1);
    expect(sent.message.bytes.includes(Buffer.from('X: é\r\n'))).to.be.true;
    expect(() => request.respond(OK)).to.throw('given before');
  });

  it('absorbs repetitions, and gives the same answer to them', async () => {
    const on = await stage();
    const text = requestText({ method: 'MESSAGE' });
    on.net.receive(text);
    on.net.receive(text);
    expect(on.requests).to.have.length(1);
    const sent = on.requests[0]!.respond(OK);
    on.net.receive(text);
    expect(on.net.sent).to.deep.equal([sent.message.bytes, sent.message.bytes]);
  });

  it('sends a 100 to a slow MESSAGE after 3.5 s, no earlier and no other provisional (RFC 4320)', async () => {
    const on = await stage();
    on.net.receive(requestText({ method: 'MESSAGE' }));
    on.requests[0]?.respond({ status: 100, headers: [] });
    on.requests[0]?.respond({ status: 180, headers: [] });
    expect(on.net.takeShort()).to.deep.equal([]);
    await on.clock.advance(3500);
    expect(on.net.takeShort()).to.deep.equal(['100 MESSAGE']);
    on.requests[0]?.respond({ status: 408, headers: [] });
    expect(on.net.takeShort()).to.deep.equal([]);
  });

  it('answers 480 to an INVITE that the application leaves unanswered', async () => {
    const on = await stage({ timers: { answerMs: 10_000 } });
    on.net.receive(requestText({ method: 'INVITE' }));
    await on.clock.advance(10_000);
    expect(on.net.takeShort()).to.deep.equal(['100 INVITE', '480 INVITE']);
  });

  it('sends a 100 to an INVITE after 200 ms, unless something was said before (§17.2.1)', async () => {
    for (const [first, sent] of [
      [undefined, ['100 INVITE']],
      [180, ['180 INVITE']],
      [486, ['486 INVITE']],
    ] as const) {
      const on = await stage();
      on.net.receive(requestText({ method: 'INVITE' }));
      await on.clock.advance(199);
      expect(on.net.takeShort()).to.deep.equal([]);
      if (first !== undefined) on.requests[0]?.respond({ status: first, headers: [] });
      await on.clock.advance(1);
      expect(on.net.takeShort()).to.deep.equal(sent);
    }
  });

  it('answers 500 when the application throws, and lives on', async () => {
    const errors: unknown[] = [];
    const clock = new FakeClock(0);
    const net = new ScriptedTransport();
    const engine = createEngine({ listen: [], clock, transport: net, onError: (error) => void errors.push(error) });
    await engine.start({
      onRequest: () => {
        throw new Error('bug');
      },
      onAck: () => undefined,
      onCancel: () => undefined,
      onBye: () => undefined,
    });
    net.receive(requestText({ method: 'MESSAGE' }));
    expect(net.takeShort()).to.deep.equal(['500 MESSAGE']);
    expect(errors).to.have.length(1);
  });
});

describe('A MESSAGE that waits for its turn', () => {
  /** Turns are given by hand, first come first served. */
  async function waiting(): Promise<{ on: Stage; give: () => Promise<void>; asked: string[] }> {
    const asked: string[] = [];
    const places: (() => void)[] = [];
    const turn = ({ uri = '' }: { uri: string | undefined }): Promise<void> => {
      asked.push(uri);
      return new Promise((resolve) => places.push(resolve));
    };
    const give = async (): Promise<void> => {
      places.shift()?.();
      await Promise.resolve();
    };
    return { on: await stage({ turn }), give, asked };
  }

  it('is handed on then, once, whatever is sent again', async () => {
    const { on, give, asked } = await waiting();
    on.net.receive(requestText({ method: 'MESSAGE', branch: 'z9hG4bKm' }));
    on.net.receive(requestText({ method: 'MESSAGE', branch: 'z9hG4bKm' }));
    expect(on.requests).to.deep.equal([]);
    await give();
    expect(on.requests).to.have.length(1);
    on.requests[0]?.respond(OK);
    expect(on.net.take().map(({ status }) => status)).to.deep.equal([200]);
    expect(asked).to.have.length(1);
  });

  it('stands in nobody else’s way: calls, requests in a dialog and what is refused do not ask', async () => {
    const { on, asked } = await waiting();
    on.net.receive(requestText({ method: 'INVITE', callId: 'call' }));
    on.net.receive(requestText({ method: 'OPTIONS', callId: 'options' }));
    expect(on.requests).to.have.length(2);
    expect(ask(on, { method: 'MESSAGE', callId: 'strange', lines: ['Require: precondition'] }).status).to.equal(420);
    expect(asked).to.deep.equal([]);
  });

  it('is not handed on once nobody waits for its answer any more', async () => {
    const { on, give } = await waiting();
    on.net.receive(requestText({ method: 'MESSAGE' }));
    await on.clock.advance(64_000);
    expect(on.engine.inHand.transactions).to.equal(0);
    await give();
    expect(on.requests).to.deep.equal([]);
  });
});

describe('Requests are counted with their final answers', () => {
  const counting = async (options: Parameters<typeof stage>[0] = {}) => {
    const counts: string[] = [];
    const on = await stage({
      ...options,
      count: (name, labels = {}) => {
        if (name === 'sip_requests_total') counts.push(Object.values(labels).join(' '));
      },
    });
    return { on, counts };
  };

  it('of the network, whoever answers: the application, the engine, nobody', async () => {
    const { on, counts } = await counting({ limits: { maxTransactions: 2 } });
    const message = (callId: string) => requestText({ method: 'MESSAGE', callId, branch: `z9hG4bK${callId}` });
    for (const callId of ['a', 'b', 'c']) on.net.receive(message(callId));
    on.requests[0]?.respond({ status: 100, headers: [] });
    on.requests[0]?.respond({ status: 404, headers: [] });
    on.net.receive(message('a'));
    for (const method of ['INVITE', 'CANCEL']) on.net.receive(requestText({ method, callId: 'd', branch: 'z9hG4bKd' }));
    expect(counts).to.deep.equal([
      'inbound MESSAGE 503',
      'inbound MESSAGE 404',
      'inbound CANCEL 200',
      'inbound INVITE 487',
    ]);
  });

  it('of ours, a status that has no name as that of its class', async () => {
    const { on, counts } = await counting();
    for (const status of [202, 499]) {
      await send(on, { method: 'MESSAGE' });
      const [request] = on.net.take();
      for (const each of [100, status]) on.net.receive(responseText(request!, each));
    }
    expect(counts).to.deep.equal(['outbound MESSAGE 202', 'outbound MESSAGE 400']);
  });

  it('under no name that the peer has chosen', async () => {
    const { on, counts } = await counting();
    for (const method of ['X1', 'publish', 'PUBLISH']) ask(on, { method, callId: method });
    expect(counts).to.deep.equal(['inbound other 501', 'inbound other 501', 'inbound PUBLISH 405']);
  });
});

describe('Limits of the engine', () => {
  it('transactions without an answer: 503 with Retry-After', async () => {
    const on = await stage({ limits: { maxTransactions: 2 } });
    for (const callId of ['a', 'b']) on.net.receive(requestText({ method: 'MESSAGE', callId }));
    const answer = ask(on, { method: 'MESSAGE', callId: 'c' });
    expect(answer.status).to.equal(503);
    expect(answer.header('Retry-After')).to.equal('5');
    on.requests[0]?.respond(OK);
    on.net.take();
    on.net.receive(requestText({ method: 'MESSAGE', callId: 'd' }));
    expect(on.requests).to.have.length(3);
  });

  it('dialogs: 503', async () => {
    const on = await stage({ limits: { maxDialogs: 1 } });
    on.net.receive(requestText({ method: 'INVITE', callId: 'a' }));
    on.requests[0]?.respond(OK);
    on.net.take();
    expect(ask(on, { method: 'INVITE', callId: 'b' }).status).to.equal(503);
  });

  for (const [what, limits] of [
    ['number [sip.maxFinished]', { maxFinished: 2 }],
    ['bytes [sip.maxFinishedBytes]', { maxFinishedBytes: 500 }],
  ] as const) {
    it(`finished transactions, by ${what}: the oldest is forgotten first`, async () => {
      const on = await stage({ limits });
      const texts = ['a', 'b', 'c'].map((callId) => requestText({ method: 'MESSAGE', callId }));
      for (const text of texts) {
        on.net.receive(text);
        on.requests.at(-1)?.respond(OK);
      }
      on.net.take();
      on.net.receive(texts[2]!);
      on.net.receive(texts[1]!);
      expect(on.net.takeShort()).to.deep.equal(['200 MESSAGE', '200 MESSAGE']);
      expect(on.requests).to.have.length(3);
      on.net.receive(texts[0]!);
      expect(on.requests).to.have.length(4);
      expect(on.counted).to.include('sip_finished_evicted_total');
    });
  }

  it('our own requests: 503 at once', async () => {
    const on = await stage({ limits: { maxTransactions: 1 } });
    await send(on, { method: 'MESSAGE' });
    const second = await send(on, { method: 'MESSAGE' });
    await on.clock.advance(0);
    expect(second.statuses).to.deep.equal([503]);
  });
});

/** An established call of the peer's to us. */
function called(on: Stage, lines?: readonly string[], answer: readonly HeaderLine[] = []): { id: string; tag: string } {
  on.net.receive(requestText({ method: 'INVITE', ...(lines ? { lines } : {}) }));
  const sent = on.requests.at(-1)!.respond({ status: 200, headers: answer });
  const tag = toTagOf(on.net.take().at(-1)!);
  on.net.receive(requestText({ method: 'ACK', toTag: tag }));
  expect(sent.message.header('Contact')).to.equal('<sip:192.0.2.1:5060>');
  return { id: on.requests.at(-1)!.dialogId!, tag };
}

describe('Dialogs as the called side [IWF-1802]', () => {
  it('are named by Call-ID and the caller’s tag, and know their own requests', async () => {
    const on = await stage();
    const { id, tag } = called(on);
    expect(id).to.equal('call;from-tag=peer');
    expect(on.told).to.deep.equal(['ACK']);
    on.net.receive(requestText({ method: 'MESSAGE', toTag: tag, cseq: 2 }));
    expect(on.requests[1]?.dialogId).to.equal(id);
    expect(ask(on, { method: 'MESSAGE', toTag: tag, fromTag: 'other', cseq: 3 }).status).to.equal(481);
  });

  it('repeat the 2xx until the ACK, over TCP too; none in 64*T1: BYE and onBye', async () => {
    const on = await stage();
    on.net.receive(requestText({ method: 'INVITE' }), new ScriptedPath('tcp', on.net.sent));
    on.requests[0]?.respond(OK);
    on.net.take();
    await on.clock.advance(3500);
    expect(on.net.takeShort()).to.deep.equal(['200 INVITE', '200 INVITE', '200 INVITE']);
    await on.clock.advance(28_500);
    expect(on.net.takeShort().filter((message) => message === 'BYE')).to.have.length(1);
    expect(on.told).to.deep.equal(['own BYE in call;from-tag=peer']);
  });

  it('hand on an ACK once, with its body', async () => {
    const on = await stage();
    on.net.receive(requestText({ method: 'INVITE' }));
    on.requests[0]?.respond(OK);
    const toTag = toTagOf(on.net.take().at(-1)!);
    for (let i = 0; i < 2; i++) on.net.receive(requestText({ method: 'ACK', toTag, body: 'answer' }));
    expect(on.told).to.deep.equal(['ACK answer']);
    await on.clock.advance(40_000);
    expect(on.net.takeShort()).to.deep.equal([]);
  });

  it('are in hand, with their transactions, until they have ended', async () => {
    const on = await stage();
    on.net.receive(requestText({ method: 'INVITE' }));
    expect(on.engine.inHand).to.deep.include({ transactions: 1, finished: 0, dialogs: 0 });
    on.requests[0]?.respond(OK);
    const [ok] = on.net.take();
    const toTag = ok ? toTagOf(ok) : '';
    expect(on.engine.inHand).to.deep.include({ transactions: 0, dialogs: 1 });
    on.net.receive(requestText({ method: 'ACK', toTag }));
    on.net.receive(requestText({ method: 'BYE', toTag, cseq: 2 }));
    on.requests[1]?.respond(OK);
    expect(on.engine.inHand).to.deep.include({ transactions: 0, dialogs: 0 });
    await on.clock.advance(33_000);
    expect(on.engine.inHand).to.deep.equal({ transactions: 0, finished: 0, dialogs: 0, connections: 0 });
  });

  it('end with the peer’s BYE', async () => {
    const on = await stage();
    const { id, tag } = called(on);
    on.net.receive(requestText({ method: 'BYE', toTag: tag, cseq: 2 }));
    on.requests[1]?.respond(OK);
    on.net.take();
    expect(ask(on, { method: 'BYE', toTag: tag, cseq: 3 }).status).to.equal(481);
    const failure = await send(on, { method: 'BYE' }, id).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(Error);
  });

  it('take a BYE of the peer that crosses ours, and no other request (RFC 5407 §3.2.1)', async () => {
    const on = await stage();
    const { id, tag } = called(on);
    await send(on, { method: 'BYE' }, id);
    on.net.take();
    expect(ask(on, { method: 'INVITE', toTag: tag, cseq: 2 }).status).to.equal(481);
    expect(ask(on, { method: 'BYE', toTag: tag, fromTag: 'stranger', cseq: 2 }).status).to.equal(481);
    expect(ask(on, { method: 'BYE', toTag: tag, cseq: 3 }).status).to.equal(200);
    expect(on.requests, 'of the INVITE alone the application knows').to.have.length(1);
  });

  it('answer 500 to a request out of order (§12.2.2)', async () => {
    const on = await stage();
    const { tag } = called(on);
    on.net.receive(requestText({ method: 'MESSAGE', toTag: tag, cseq: 5 }));
    on.net.take();
    expect(ask(on, { method: 'MESSAGE', toTag: tag, cseq: 4 }).status).to.equal(500);
  });

  it('glare: 491 while our INVITE is open, 500 with Retry-After while theirs is (§14.2)', async () => {
    const on = await stage();
    const { id, tag } = called(on);
    await send(on, { method: 'INVITE' }, id);
    on.net.take();
    expect(ask(on, { method: 'INVITE', toTag: tag, cseq: 2 }).status).to.equal(491);
    expect(ask(on, { method: 'INVITE', toTag: tag, cseq: 3 }).status).to.equal(491);
    const other = await stage();
    const second = called(other);
    other.net.receive(requestText({ method: 'INVITE', toTag: second.tag, cseq: 2 }));
    other.net.take();
    const answer = ask(other, { method: 'INVITE', toTag: second.tag, cseq: 3 });
    expect(answer.status).to.equal(500);
    expect(Number(answer.header('Retry-After'))).to.be.within(0, 10);
    const ours = await send(other, { method: 'INVITE' }, second.id);
    await other.clock.advance(0);
    expect(ours.statuses).to.deep.equal([491]);
  });

  it('follow the route set and the moved target (§12.2.1.1)', async () => {
    const on = await stage();
    const routes = ['Record-Route: <sip:192.0.2.70;lr>, <sip:192.0.2.71;lr>', 'Contact: <sip:phone@198.51.100.1>'];
    const { id, tag } = called(on, routes);
    await send(
      on,
      { method: 'MESSAGE', uri: 'sip:placeholder', headers: [['Content-Type', 'text/plain']], body: Buffer.from('x') },
      id,
    );
    const [message] = on.net.take();
    expect(message?.uri).to.equal('sip:phone@198.51.100.1');
    expect(message?.headers('Route')).to.deep.equal(['<sip:192.0.2.70;lr>', '<sip:192.0.2.71;lr>']);
    expect(message?.header('To')).to.equal('<tel:+15550001>;tag=peer');
    expect(message?.header('From')).to.equal(`<sip:bot@192.0.2.1>;tag=${tag}`);
    expect(on.net.opened.at(-1)).to.equal('udp 192.0.2.70:5060');
    on.net.receive(
      requestText({ method: 'UPDATE', toTag: tag, cseq: 2, lines: ['Contact: <sip:phone@198.51.100.2>'] }),
    );
    on.requests[1]?.respond(OK);
    on.net.take();
    await send(on, { method: 'BYE' }, id);
    expect(on.net.take()[0]?.uri).to.equal('sip:phone@198.51.100.2');
  });

  it('take a strict router at his word', async () => {
    const on = await stage();
    const { id } = called(on, ['Record-Route: <sip:192.0.2.70>', 'Contact: <sip:phone@198.51.100.1>']);
    await send(on, { method: 'BYE' }, id);
    const [bye] = on.net.take();
    expect(bye?.uri).to.equal('sip:192.0.2.70');
    expect(bye?.headers('Route')).to.deep.equal(['<sip:phone@198.51.100.1>']);
  });

  it('are ended by the session timer, a little early where the peer refreshes (RFC 4028 §10)', async () => {
    const on = await stage();
    const { tag } = called(
      on,
      ['Supported: timer', 'Session-Expires: 1800'],
      [['Session-Expires', '1800;refresher=uac']],
    );
    await on.clock.advance(1_000_000);
    on.net.receive(requestText({ method: 'UPDATE', toTag: tag, cseq: 2 }));
    on.requests[1]?.respond({ status: 200, headers: [['Session-Expires', '1800;refresher=uac']] });
    await on.clock.advance(1_767_999);
    expect(on.told).to.deep.equal(['ACK']);
    await on.clock.advance(1);
    expect(on.told).to.deep.equal(['ACK', 'own BYE in call;from-tag=peer']);
  });

  it('are ended by the session timer at its end where we refresh', async () => {
    const on = await stage();
    called(on, ['Supported: timer'], [['Session-Expires', '90;refresher=uas']]);
    await on.clock.advance(89_999);
    expect(on.told).to.deep.equal(['ACK']);
    await on.clock.advance(1);
    expect(on.told).to.have.length(2);
  });

  it('tell of a CANCEL, after 200 and 487', async () => {
    const on = await stage();
    const invite = { method: 'INVITE', branch: 'z9hG4bKc' };
    on.net.receive(requestText(invite));
    on.requests[0]?.respond({ status: 180, headers: [] });
    on.net.take();
    on.net.receive(requestText({ ...invite, method: 'CANCEL' }));
    const answers = on.net.take();
    expect(answers.map((answer) => answer.status)).to.deep.equal([200, 487]);
    expect(toTagOf(answers[0]!)).to.equal(toTagOf(answers[1]!));
    expect(on.told).to.deep.equal(['CANCEL of INVITE']);
    expect(() => on.requests[0]?.respond(OK)).to.throw('given before');
    on.net.receive(requestText({ ...invite, method: 'ACK', toTag: toTagOf(answers[1]!) }));
    await on.clock.advance(40_000);
    expect(on.net.takeShort()).to.deep.equal([]);
  });

  it('a CANCEL after the final answer changes nothing (§9.2)', async () => {
    const on = await stage();
    on.net.receive(requestText({ method: 'INVITE', branch: 'z9hG4bKd' }));
    on.requests[0]?.respond(OK);
    on.net.take();
    expect(ask(on, { method: 'CANCEL', branch: 'z9hG4bKd' }).status).to.equal(200);
    expect(on.told).to.deep.equal([]);
  });

  it('answer 482 to our own INVITE that has come back', async () => {
    const on = await stage();
    await send(on, { method: 'INVITE', uri: 'sip:bot@192.0.2.1' });
    const [invite] = on.net.take();
    on.net.receive(Buffer.from(invite!.bytes.toString().replace(/branch=[^;]*/, 'branch=z9hG4bKproxied')));
    expect(on.net.takeShort()).to.include('482 INVITE');
  });
});
