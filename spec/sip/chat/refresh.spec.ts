/** Who refreshes a session, over real sockets: uac and uas are those of each request, whoever made the call (RFC 4028 §7.4, §9). */
import { expect } from 'chai';
import type { NetworkBot, SessionDelegate } from '../../../lib/sip/network.js';
import { Callee } from '../../end-to-end/callee.js';
import { offer, requestText } from '../../end-to-end/raw-phone.js';
import { FakeClock } from '../../support/fake-clock.js';
import { type NetworkNode, startNetwork } from '../network-node.js';
import { headerOf } from '../raw-peer.js';

const bot: NetworkBot = { uri: 'sip:shop@botplatform.example.net', version: '#=1', roles: ['session'] };
const delegate: SessionDelegate = { onMessage: () => Promise.resolve(undefined), onEnd: () => undefined };
const halfAnHourS = 1800;
const quarterMs = 900_000;
const takesUpdate = 'Allow: INVITE, ACK, BYE, UPDATE';

describe('the refresher of a session', () => {
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

  const updates = (): readonly string[] => callee.operator.seen.filter((text) => text.startsWith('UPDATE '));
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
    expect(callee.operator.seen.some((text) => text.startsWith('BYE '))).to.equal(false);
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

    async function call(...lines: readonly string[]): Promise<void> {
      cseq = 10;
      callee.lines = [takesUpdate, ...lines];
      const userUri = `sip:+15550100002@127.0.0.1:${callee.operator.port};transport=tcp`;
      const outgoing = { bot, userUri, ids: { conversationId: 'c', contributionId: 'c' } };
      const opening = node.network.openSession(outgoing, delegate);
      void callee.session();
      expect((await opening).kind).to.equal('open');
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
  });
});

function toTagOf(answer: string): string {
  return tagIn(headerOf(answer, 'To'));
}

function tagIn(value: string | undefined): string {
  return /;tag=([^;\s]+)/.exec(value ?? '')?.[1] ?? '';
}
