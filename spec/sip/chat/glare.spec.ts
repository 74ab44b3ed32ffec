/** Two re-INVITEs that meet (RFC 3261 §14), and provisional answers of every kind, over real sockets. */
import { expect } from 'chai';
import type { NetworkBot, Opened, SessionDelegate } from '../../../lib/sip/network.js';
import { Callee } from '../../end-to-end/callee.js';
import { offer, requestText } from '../../end-to-end/raw-phone.js';
import { FakeClock } from '../../support/fake-clock.js';
import { type NetworkNode, startNetwork } from '../network-node.js';
import { headerOf } from '../raw-peer.js';

const bot: NetworkBot = { uri: 'sip:shop@botplatform.example.net', version: '#=1', roles: ['session'] };
const delegate: SessionDelegate = { onMessage: () => Promise.resolve(undefined), onEnd: () => undefined };
const halfAnHourS = 1800;

describe('an INVITE of ours over real sockets', () => {
  let clock: FakeClock;
  let node: NetworkNode;
  let callee: Callee;

  beforeEach(async () => {
    clock = new FakeClock();
    callee = await Callee.listen();
    node = await startNetwork(clock, {
      onInvitation: (invitation) => void invitation.accept(bot, delegate),
      onMessage: () => undefined,
      onCapabilityQuery: () => undefined,
    });
  });
  afterEach(async () => {
    await node.close();
    await callee.close();
  });

  async function open(): Promise<Opened> {
    const userUri = `sip:+15550100002@127.0.0.1:${callee.operator.port};transport=tcp`;
    const opening = node.network.openSession(
      { bot, userUri, ids: { conversationId: 'c', contributionId: 'c' } },
      delegate,
    );
    void callee.session();
    return opening;
  }

  const sent = (method: string): readonly string[] =>
    callee.operator.seen.filter((text) => text.startsWith(`${method} `));
  const nth = (method: string, count: number): Promise<string> =>
    callee.operator.waitFor(`${method} `, (text) => sent(method).indexOf(text) === count - 1);

  /** Until the chat has set its alarm for the next refresh. */
  async function alarmed(): Promise<void> {
    while (clock.pending !== 1) await new Promise((resolve) => setImmediate(resolve));
  }

  describe('within a call, as it meets one of the peer', () => {
    it('gets 491 and gives 491; where the call is ours the peer comes first, we after 2.1 to 4 s', async () => {
      callee.lines = [`Session-Expires: ${halfAnHourS};refresher=uac`, 'Require: timer', 'Allow: INVITE, ACK, BYE'];
      expect((await open()).kind).to.equal('open');
      const invite = await nth('INVITE', 1);
      const usual = callee.operator.answer;
      callee.operator.answer = (text) => (text.startsWith('INVITE ') ? undefined : usual(text));
      await alarmed();
      await clock.advance((halfAnHourS * 1000) / 2);
      const refresh = await nth('INVITE', 2);

      const theirs = (cseq: number): string =>
        requestText('INVITE', callee.operator.port, {
          ...{ to: contactOf(invite), user: 'sip:callee@127.0.0.1', callId: headerOf(invite, 'Call-ID') ?? '', cseq },
          ...{ toTag: tagIn(headerOf(invite, 'From')), type: 'application/sdp', body: callee.description() },
        }).replace(';tag=raw', ';tag=peer');
      await callee.operator.send(node.ports.tcp, theirs(11));
      await callee.operator.waitFor('SIP/2.0 491', (text) => text.includes('CSeq: 11 INVITE'));
      callee.operator.respond(refresh, { statusLine: '491 Request Pending' });
      callee.operator.answer = usual;
      await callee.operator.waitFor(
        'ACK ',
        (text) => headerOf(text, 'CSeq') === headerOf(refresh, 'CSeq')?.replace('INVITE', 'ACK'),
      );

      await alarmed();
      await clock.advance(2090);
      expect(clock.pending, 'still waiting').to.equal(1);
      await callee.operator.send(node.ports.tcp, theirs(12));
      await callee.operator.waitFor('SIP/2.0 200', (text) => text.includes('CSeq: 12 INVITE'));
      await clock.advance(1910);
      const again = await nth('INVITE', 3);
      expect(headerOf(again, 'Session-Expires')).to.equal(`${halfAnHourS};refresher=uac`);
      expect(sent('BYE')).to.deep.equal([]);
    });

    it('where the call is the peer’s, comes again within 2 s', async () => {
      const { port } = callee.operator;
      const lines = [`Session-Expires: ${halfAnHourS};refresher=uas`, 'Supported: timer', 'Allow: INVITE, ACK, BYE'];
      const parts = { to: `sip:shop@127.0.0.1:${node.ports.tcp}`, callId: 'theirs', lines };
      const body = { type: 'application/sdp', body: offer() };
      await callee.operator.send(node.ports.tcp, requestText('INVITE', port, { ...parts, ...body }));
      const answer = await callee.operator.waitFor('SIP/2.0 200');
      const toTag = tagIn(headerOf(answer, 'To'));
      await callee.operator.send(node.ports.tcp, requestText('ACK', port, { ...parts, toTag }));
      await alarmed();
      const usual = callee.operator.answer;
      callee.operator.answer = () => ({ statusLine: '491 Request Pending' });
      await clock.advance((halfAnHourS * 1000) / 2);
      await nth('INVITE', 1);
      await alarmed();
      callee.operator.answer = usual;
      await clock.advance(2000);
      await nth('INVITE', 2);
    });
  });

  describe('is accepted', () => {
    for (const [what, provisional] of [
      ['at once, without a provisional answer', []],
      ['after 100', [{ statusLine: '100 Trying' }]],
      ['after 180 and 183', [{ statusLine: '180 Ringing' }, { statusLine: '183 Session Progress' }]],
      [
        'after a 183 that wants to be reliable, which is taken as any other: there is no PRACK',
        [{ statusLine: '183 Session Progress', lines: ['Require: 100rel', 'RSeq: 1'] }],
      ],
      ['after a 199 of a branch that has failed', [{ statusLine: '199 Early Dialog Terminated' }]],
    ] as const) {
      it(what, async () => {
        const usual = callee.operator.answer;
        callee.operator.answer = (text) => (text.startsWith('INVITE ') ? undefined : usual(text));
        const opening = open();
        const invite = await nth('INVITE', 1);
        for (const answer of provisional) callee.operator.respond(invite, answer);
        const final = usual(invite);
        if (final) callee.operator.respond(invite, final);
        expect((await opening).kind).to.equal('open');
        await callee.operator.waitFor('ACK ');
        expect(sent('PRACK')).to.deep.equal([]);
        expect(invite).to.match(/^Supported: timer\r$/m);
      });
    }

    it('where another branch had an early dialog: the 2xx counts, whatever its tag', async () => {
      const usual = callee.operator.answer;
      callee.operator.answer = (text) => (text.startsWith('INVITE ') ? undefined : usual(text));
      const opening = open();
      const invite = await nth('INVITE', 1);
      callee.operator.respond(invite, {
        statusLine: '180 Ringing',
        lines: ['Contact: <sip:other@127.0.0.1:9>'],
        tag: 'other',
      });
      const final = usual(invite);
      if (final) callee.operator.respond(invite, final);
      expect((await opening).kind).to.equal('open');
      expect(headerOf(await callee.operator.waitFor('ACK '), 'To')).to.match(/;tag=peer$/);
    });
  });

  it('theirs that requires reliable provisional answers is 420 (RFC 3262 §3)', async () => {
    const lines = ['Require: 100rel'];
    const body = { type: 'application/sdp', body: offer() };
    await callee.operator.send(node.ports.tcp, requestText('INVITE', callee.operator.port, { lines, ...body }));
    const refusal = await callee.operator.waitFor('SIP/2.0 420');
    expect(headerOf(refusal, 'Unsupported')).to.equal('100rel');
  });
});

function contactOf(invite: string): string {
  return /<([^>]+)>/.exec(headerOf(invite, 'Contact') ?? '')?.[1] ?? '';
}

function tagIn(value: string | undefined): string {
  return /;tag=([^;\s]+)/.exec(value ?? '')?.[1] ?? '';
}
