/** A drachtio-server refreshes by itself the session whose refresher is our side, by re-INVITE, and hangs up where that fails. */
import { expect } from 'chai';
import type { ChatSession, NetworkBot, SessionDelegate } from '../../../lib/sip/network.js';
import { createDrachtioAgent } from '../../../lib/sip/drachtio/drachtio-agent.js';
import { offer } from '../../end-to-end/raw-phone.js';
import { FakeClock } from '../../support/fake-clock.js';
import { ScriptedEngine } from '../drachtio/scripted-engine.js';
import { networkOn } from '../network-node.js';
import { silentLog } from '../silent-log.js';

const bot: NetworkBot = { uri: 'sip:shop@botplatform.example.net', version: '#=1', roles: ['session'] };
const quarterMs = 900_000;
const dialogId = 'c9;from-tag=theirs';

describe('a session timer on a drachtio-server', () => {
  let engine: ScriptedEngine;
  let clock: FakeClock;
  let ends: string[];
  let stop: () => Promise<void>;
  let open: ChatSession | undefined;

  const delegate: SessionDelegate = {
    onMessage: () => Promise.resolve(undefined),
    onEnd: (reason) => void ends.push(reason),
  };

  /** `keepsTimers`: what is known of the engine. */
  async function start(keepsTimers: boolean): Promise<void> {
    engine = await ScriptedEngine.listen();
    clock = new FakeClock();
    ends = [];
    open = undefined;
    const mode = { kind: 'connect', host: '127.0.0.1', port: engine.port, secret: engine.secret } as const;
    const agent = createDrachtioAgent({ mode, clock, log: silentLog, keepsTimers, silenceTimeoutMs: 10 * quarterMs });
    const { network, msrp } = networkOn(agent, clock, () => '127.0.0.1:5060');
    await msrp.start();
    await network.start({
      onInvitation: (invitation) => void invitation.accept(bot, delegate).then((session) => (open = session)),
      onMessage: () => undefined,
      onCapabilityQuery: () => undefined,
    });
    stop = async () => {
      await network.close();
      await msrp.close();
      await engine.close();
    };
  }
  afterEach(() => stop());

  function request(method: string, lines: readonly string[], body = ''): string {
    const head = `${method} ${bot.uri} SIP/2.0\r\nFrom: <tel:+1>;tag=theirs\r\nTo: <${bot.uri}>\r\nCall-ID: c9\r\n`;
    const rest = ['Contact: <sip:phone@192.0.2.7>', ...lines, `Content-Length: ${body.length}`];
    return `${head}CSeq: 7 ${method}\r\n${rest.join('\r\n')}\r\n\r\n${body}`;
  }

  /** A call of the peer, who wants us to refresh; how many alarms it has set. */
  async function called(): Promise<number> {
    const before = clock.pending;
    const lines = ['Supported: timer', 'Session-Expires: 1800;refresher=uas', 'Allow: INVITE, ACK, BYE'];
    engine.fromNetwork('i1', request('INVITE', [...lines, 'Content-Type: application/sdp'], offer()));
    const answer = await engine.next();
    expect(answer.sip).to.include('\r\nSession-Expires: 1800;refresher=uas\r\n');
    engine.echoResponse(answer, dialogId);
    engine.fromNetwork('i1', request('ACK', []), dialogId);
    while (!open) await new Promise((resolve) => setImmediate(resolve));
    return clock.pending - before;
  }

  it('is its own affair: no re-INVITE of ours crosses the one that it sends', async () => {
    await start(true);
    expect(await called()).to.equal(0);
    await clock.advance(quarterMs);
    expect(engine.unread).to.equal(0);
    engine.unsolicited(dialogId, request('BYE', ['Reason: SIP ;cause=200 ;text="Session timer expired"']));
    while (ends.length === 0) await new Promise((resolve) => setImmediate(resolve));
  });

  it('is ours on an engine that leaves it to us', async () => {
    await start(false);
    expect(await called()).to.equal(1);
    await clock.advance(quarterMs);
    expect((await engine.next()).sip).to.match(/^INVITE /);
  });
});
