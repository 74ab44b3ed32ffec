/** What crossed the SIP border stands in the trace of its conversation, whichever engine speaks SIP. */
import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { cpim } from '../raw-phone.js';
import { until } from '../../support/ask-again.js';
import { bot, contact, startWorld, type World } from '../world.js';

const adminKey = 'admin-of-the-spec';
const admin = { key: createHash('sha256').update(adminKey).digest('hex') };

interface SipEvent {
  readonly border: string;
  readonly direction: 'in' | 'out';
  readonly peer: string;
  readonly text: string;
}

for (const engine of ['embedded', 'drachtio'] as const) {
  describe(`the trace of a conversation, engine ${engine}`, () => {
    let world: World;
    before(async () => {
      const backoff = { baseMs: 60_000, factor: 1, maxMs: 60_000, jitter: 0 };
      world = await startWorld({ engine, config: { admin, chat: { backoff } } });
    });
    after(() => world.stop());

    async function sipEvents(conversationID: string): Promise<readonly SipEvent[]> {
      const answer = await fetch(`http://127.0.0.1:${world.gateway.ports.admin}/trace/${conversationID}`, {
        headers: { authorization: `Bearer ${adminKey}` },
      });
      const { events } = (await answer.json()) as { readonly events: readonly SipEvent[] };
      return events.filter(({ border }) => border === 'sip');
    }

    const told = (events: readonly SipEvent[]): string[] =>
      events.map(({ direction, text }) => `${direction} ${/^(?:SIP\/2\.0 )?(\S+)/.exec(text)?.[1] ?? ''}`);

    it('has the requests and answers of both directions, with their peers and without their bodies', async () => {
      const { phone, platform } = world;
      const conversationID = '5f0e7b2e-1111-4222-8333-944455556666';
      expect((await platform.send(contact, { text: 'a secret', conversationID })).status).to.equal(201);
      await phone.until(() => phone.inbox.length === 1);
      await phone.sendDocument(bot, 'message/cpim', cpim('a secret').toString(), [
        `Conversation-ID: ${conversationID}`,
      ]);
      const events = await sipEvents(conversationID);
      const [first, ...others] = events;
      expect(told(events)).to.include.members(['out INVITE', 'in 200', 'out ACK', 'in MESSAGE', 'out 200']);
      expect(first?.peer).to.equal(engine === 'embedded' ? `tcp/127.0.0.1:${world.ports.phone}` : 'tcp/unknown');
      for (const { peer, direction } of others) {
        if (direction === 'in') expect(peer).to.match(/^tcp\/127\.0\.0\.1:\d+$/);
      }
      for (const { text } of events) expect(text).not.to.contain('a secret');
    });

    it('has the request that was refused, and the refusal', async () => {
      const { phone, platform } = world;
      const conversationID = '5f0e7b2e-1111-4222-8333-944455557777';
      phone.refuseWith = 486;
      expect((await platform.send(contact, { text: 'x', conversationID })).status).to.equal(201);
      await phone.until(() => phone.refused === 1);
      await until(async () => told(await sipEvents(conversationID)).includes('in 486'));
      expect(told(await sipEvents(conversationID))[0]).to.equal('out INVITE');
    });
  });
}
