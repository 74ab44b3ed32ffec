/**
 * Who refreshes a session, over real sockets: uac and uas are those of each request, whoever made the call (RFC 4028
 * §7.4, §9); and what follows where a refresh is refused.
 */
import { expect } from 'chai';
import type { ChatSession, NetworkBot, SessionDelegate } from '../../../lib/sip/network.js';
import { Callee, readMessage } from '../../end-to-end/callee.js';
import type { OperatorAnswer } from '../../end-to-end/operator.js';
import type { Peer } from '../../msrp/peer.js';
import { offer, requestText } from '../../end-to-end/raw-phone.js';
import { FakeClock } from '../../support/fake-clock.js';
import { type NetworkNode, startNetwork } from '../network-node.js';
import { headerOf } from '../raw-peer.js';

const bot: NetworkBot = { uri: 'sip:shop@botplatform.example.net', version: '#=1', roles: ['session'] };
const halfAnHourS = 1800;
const quarterMs = 900_000;
const takesUpdate = 'Allow: INVITE, ACK, BYE, UPDATE';

describe('the refresher of a session', () => {
  let clock: FakeClock;
  let node: NetworkNode;
  let callee: Callee;
  let ends: string[];
  const delegate: SessionDelegate = {
    onMessage: () => Promise.resolve(undefined),
    onEnd: (reason) => void ends.push(reason),
  };

  beforeEach(async () => {
    ends = [];
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

  const sent = (method: string): readonly string[] =>
    callee.operator.seen.filter((text) => text.startsWith(`${method} `));
  const updates = (): readonly string[] => sent('UPDATE');
  const nthUpdate = (count: number): Promise<string> =>
    callee.operator.waitFor('UPDATE ', () => updates().length >= count);

  /** Until the chat has set its alarm for the next refresh, or has none. */
  async function alarms(count: 0 | 1): Promise<void> {
    while (clock.pending !== count) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Three in a row, each half of the interval after the other. */
  async function refreshedByUs(): Promise<void> {
    for (const count of [1, 2, 3]) {
      await alarms(1);
      await clock.advance(quarterMs - 1);
      expect(updates(), 'before its time').to.have.length(count - 1);
      await clock.advance(1);
      await nthUpdate(count);
      expect(headerOf(updates().at(-1) ?? '', 'Session-Expires')).to.equal(`${halfAnHourS};refresher=uac`);
    }
    expect(sent('BYE')).to.deep.equal([]);
  }

  describe('in a call of the peer', () => {
    async function called(...lines: readonly string[]): Promise<string> {
      const { port } = callee.operator;
      const parts = { to: `sip:shop@127.0.0.1:${node.ports.tcp}`, callId: 'theirs', lines: [takesUpdate, ...lines] };
      const body = { type: 'application/sdp', body: offer() };
      await callee.operator.send(node.ports.tcp, requestText('INVITE', port, { ...parts, ...body }));
      const answer = await callee.operator.waitFor('SIP/2.0 200');
      await callee.operator.send(node.ports.tcp, requestText('ACK', port, { ...parts, toTag: toTagOf(answer) }));
      return answer;
    }

    it('who wants us to be it: we refresh again and again', async () => {
      const answer = await called('Supported: timer', `Session-Expires: ${halfAnHourS};refresher=uas`);
      expect(headerOf(answer, 'Session-Expires')).to.equal(`${halfAnHourS};refresher=uas`);
      await refreshedByUs();
    });

    it('who has no timer, and whose network wants one: we refresh again and again', async () => {
      const answer = await called(`Session-Expires: ${halfAnHourS}`);
      expect(headerOf(answer, 'Session-Expires')).to.equal(`${halfAnHourS};refresher=uas`);
      await refreshedByUs();
    });
  });

  describe('in a call of ours', () => {
    let invite: string;
    let cseq: number;
    let session: ChatSession;
    let msrp: Peer;

    const userUri = (): string => `sip:+15550100002@127.0.0.1:${callee.operator.port};transport=tcp`;

    async function call(...lines: readonly string[]): Promise<void> {
      cseq = 10;
      callee.lines = [takesUpdate, ...lines];
      const outgoing = { bot, userUri: userUri(), ids: { conversationId: 'c', contributionId: 'c' } };
      const opening = node.network.openSession(outgoing, delegate);
      msrp = await callee.session();
      const opened = await opening;
      if (opened.kind !== 'open') throw new Error(opened.kind);
      ({ session } = opened);
      invite = await callee.operator.waitFor('INVITE ');
    }

    /** A refresh of the peer; our final answer. */
    async function theirs(method: 'INVITE' | 'UPDATE', lines: readonly string[], body = ''): Promise<string> {
      cseq++;
      const parts = {
        ...{ to: /<([^>]+)>/.exec(headerOf(invite, 'Contact') ?? '')?.[1] ?? '', user: 'sip:callee@127.0.0.1' },
        ...{ callId: headerOf(invite, 'Call-ID') ?? '', cseq, toTag: tagIn(headerOf(invite, 'From')) },
        ...{ lines, body, ...(body === '' ? {} : { type: 'application/sdp' }) },
      };
      const { port } = callee.operator;
      const text = (name: string): string => requestText(name, port, parts).replace(';tag=raw', ';tag=peer');
      await callee.operator.send(node.ports.tcp, text(method));
      const answer = await callee.operator.waitFor('SIP/2.0 ', (one) => headerOf(one, 'CSeq') === `${cseq} ${method}`);
      if (method === 'INVITE') await callee.operator.send(node.ports.tcp, text('ACK'));
      return answer;
    }

    it('becomes us where the peer’s refresh says so', async () => {
      await call();
      const answer = await theirs('UPDATE', [`Session-Expires: ${halfAnHourS};refresher=uas`]);
      expect(headerOf(answer, 'Session-Expires')).to.equal(`${halfAnHourS};refresher=uas`);
      // Nothing is required of a peer that has not said what it can (RFC 4028 §9).
      expect(headerOf(answer, 'Require')).to.equal(undefined);
      await refreshedByUs();
    });

    it('stays the peer as he refreshes', async () => {
      await call(`Session-Expires: ${halfAnHourS};refresher=uas`, 'Require: timer');
      const lines = ['Supported: timer', `Session-Expires: ${halfAnHourS};refresher=uac`];
      for (const method of ['UPDATE', 'INVITE'] as const) {
        const answer = await theirs(method, lines, method === 'INVITE' ? callee.description() : '');
        expect(headerOf(answer, 'Session-Expires')).to.equal(`${halfAnHourS};refresher=uac`);
        expect(headerOf(answer, 'Require')).to.equal('timer');
        expect(clock.pending).to.equal(0);
      }
    });

    it('becomes the peer as he refreshes in our place', async () => {
      await call(`Session-Expires: ${halfAnHourS};refresher=uac`, 'Require: timer');
      await alarms(1);
      await theirs('UPDATE', ['Supported: timer', `Session-Expires: ${halfAnHourS};refresher=uac`]);
      expect(clock.pending).to.equal(0);
    });

    it('is named in the answer to a refresh that names none', async () => {
      await call(`Session-Expires: ${halfAnHourS};refresher=uac`, 'Require: timer');
      for (const method of ['UPDATE', 'INVITE'] as const) {
        const answer = await theirs(method, ['Supported: timer', `Session-Expires: ${halfAnHourS}`]);
        expect(headerOf(answer, 'Session-Expires')).to.equal(`${halfAnHourS};refresher=uac`);
      }
      expect(clock.pending).to.equal(0);
    });

    it('remains who it was where the peer’s re-INVITE asks for no timer, or is refused', async () => {
      await call(`Session-Expires: ${halfAnHourS};refresher=uac`, 'Require: timer');
      await alarms(1);
      expect(headerOf(await theirs('INVITE', [], callee.description()), 'Session-Expires')).to.equal(undefined);
      expect(clock.pending).to.equal(1);
      const lines = ['Supported: timer', `Session-Expires: ${halfAnHourS};refresher=uac`];
      expect(await theirs('INVITE', lines, 'v=0')).to.match(/^SIP\/2\.0 4/);
      await refreshedByUs();
    });

    describe('whose refresh is refused', () => {
      const ours = [`Session-Expires: ${halfAnHourS};refresher=uac`, 'Require: timer'];

      /** To UPDATE; undefined: none. */
      function answerUpdates(answer: OperatorAnswer | undefined): void {
        const usual = callee.operator.answer;
        callee.operator.answer = (text) => (text.startsWith('UPDATE ') ? answer : usual(text));
      }

      async function refused(answer: OperatorAnswer): Promise<void> {
        answerUpdates(answer);
        await call(...ours);
        await alarms(1);
        await clock.advance(quarterMs);
        await nthUpdate(1);
        await alarms(1);
      }

      it('with 503 asks again after Retry-After, not before', async () => {
        await refused({ statusLine: '503 Service Unavailable', lines: ['Retry-After: 30'] });
        for (const count of [1, 2]) {
          await clock.advance(29_999);
          expect(clock.pending, 'still waiting').to.equal(1);
          await clock.advance(1);
          await nthUpdate(count + 1);
          expect(updates()).to.have.length(count + 1);
          await alarms(1);
        }
      });

      it('each time asks a few times in all, then ends it with BYE', async () => {
        await refused({ statusLine: '503 Service Unavailable' });
        const ended = (): boolean => ends.length > 0;
        while (!ended()) {
          const asked = updates().length;
          await clock.advance(quarterMs);
          while (updates().length === asked && !ended()) await new Promise((resolve) => setImmediate(resolve));
        }
        expect(updates().length).to.be.within(4, 13);
        expect(ends).to.deep.equal(['session timer']);
        await callee.operator.waitFor('BYE ');
        expect(session.open).to.equal(false);
      });

      for (const statusLine of ['405 Method Not Allowed', '501 Not Implemented']) {
        it(`with ${statusLine} goes over to re-INVITE with our description, and MSRP goes on`, async () => {
          await refused({ statusLine, lines: ['Allow: INVITE, ACK, BYE'] });
          callee.lines = [takesUpdate, ...ours];
          const bodyOf = (text = ''): string => text.slice(text.indexOf('\r\n\r\n'));
          await clock.advance(0);
          const again = await callee.operator.waitFor('INVITE ', (text) => text !== invite);
          expect(bodyOf(again)).to.equal(bodyOf(invite));
          expect(headerOf(again, 'Session-Expires')).to.equal(`${halfAnHourS};refresher=uac`);
          const sending = session.send({ contentType: 'message/cpim', content: Buffer.from('still here') });
          expect((await readMessage(msrp)).body?.toString()).to.equal('still here');
          expect(await sending).to.deep.equal({ kind: 'accepted' });
          await alarms(1);
          await clock.advance(quarterMs);
          await callee.operator.waitFor('INVITE ', (text) => text !== invite && text !== again);
          expect([updates().length, sent('BYE').length, ends.length]).to.deep.equal([1, 0, 0]);
        });
      }

      it('asks no more where the peer has refreshed meanwhile', async () => {
        answerUpdates(undefined);
        await call(...ours);
        await alarms(1);
        await clock.advance(quarterMs);
        const unanswered = await nthUpdate(1);
        await theirs('UPDATE', ['Supported: timer', `Session-Expires: ${halfAnHourS};refresher=uac`]);
        callee.operator.respond(unanswered, { statusLine: '503 Service Unavailable' });
        // Its answer comes on the same connection, behind it.
        await node.network.queryCapabilities(bot, userUri());
        await clock.advance(2 * quarterMs);
        expect(clock.pending).to.equal(0);
        expect([updates().length, ends.length]).to.deep.equal([1, 0]);
      });
    });
  });
});

function toTagOf(answer: string): string {
  return tagIn(headerOf(answer, 'To'));
}

function tagIn(value: string | undefined): string {
  return /;tag=([^;\s]+)/.exec(value ?? '')?.[1] ?? '';
}
