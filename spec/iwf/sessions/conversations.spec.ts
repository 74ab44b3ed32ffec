import { expect } from 'chai';
import type { Chatbot } from '../../../lib/iwf/actions.js';
import type { LiveSession, SessionContext } from '../../../lib/iwf/sessions/conversation.js';
import { Conversations } from '../../../lib/iwf/sessions/conversations.js';
import type { ChatSession, Invitation, Network, Opened, Service, SessionDelegate } from '../../../lib/sip/network.js';
import { readFeatureTags } from '../../../lib/wire/feature-tags.js';
import { FakeClock } from '../../support/fake-clock.js';
import { silentLog, silentMetrics } from '../../support/silent.js';

const bot: Chatbot = {
  uri: 'sip:shop@botplatform.example.net',
  name: 'shop',
  version: '#=1',
  roles: ['session'],
  mode: 'auto',
  platformId: 'p',
  serverRoot: 'http://127.0.0.1',
};
const user = { key: 'tel:+15550100001', uri: 'tel:+15550100001' };
const ids = { conversationId: 'c', contributionId: 'd' };
const [idleTimeoutMs, lingerMs, glareSilenceMs] = [300_000, 30_000, 5_000];

/** A session of the network, as far as the time of its life is concerned. */
class ScriptedSession implements ChatSession {
  readonly traceKeys: readonly string[] = [];
  readonly peerTags = readFeatureTags([]);
  readonly callId: string;
  readonly direction: 'inbound' | 'outbound';
  readonly service: Service;
  receiving = false;
  readonly held = false;
  byes = 0;

  constructor(callId: string, direction: 'inbound' | 'outbound', service: Service = 'session') {
    this.callId = callId;
    this.direction = direction;
    this.service = service;
  }

  get open(): boolean {
    return this.byes === 0;
  }

  takes(): 'wrapped' {
    return 'wrapped';
  }

  takesWrapped(): boolean {
    return true;
  }

  send(): Promise<{ readonly kind: 'accepted' }> {
    return Promise.resolve({ kind: 'accepted' });
  }

  close(): Promise<void> {
    this.byes++;
    return Promise.resolve();
  }
}

describe('how long a session of a conversation lives', () => {
  let clock: FakeClock;
  let conversations: Conversations;
  /** Answers the INVITE of ours that is under way. */
  let answered: (opened: Opened) => void;
  let ours: SessionDelegate;
  let cancel: AbortSignal | undefined;

  beforeEach(() => {
    clock = new FakeClock();
    const network = {
      openSession: (_outgoing: unknown, delegate: SessionDelegate, signal?: AbortSignal) => {
        ours = delegate;
        cancel = signal;
        return new Promise<Opened>((resolve) => (answered = resolve));
      },
    } as unknown as Network;
    conversations = new Conversations({
      network,
      clock,
      log: silentLog,
      metrics: silentMetrics,
      idleTimeoutMs,
      lingerMs,
      glareSilenceMs,
      maxSessions: 10,
      maxSessionsPerBot: 10,
      maxSessionsPerUser: 10,
      link: () => undefined,
      receive: () => Promise.resolve(undefined),
      resumed: () => undefined,
    });
  });

  const context = (service: Service = 'session'): SessionContext => ({ bot, user, ids, service });

  async function invited(session: ScriptedSession): Promise<LiveSession> {
    const invitation = { accept: () => Promise.resolve(session) } as unknown as Invitation;
    const live = await conversations.accept(invitation, bot, context(session.service));
    if (!live) throw new Error('not accepted');
    return live;
  }

  /** Ours and the user's, up at the same time. */
  async function crossed(callIdOfOurs: string, callIdOfTheUser: string): Promise<readonly ScriptedSession[]> {
    const opening = conversations.open(bot, user, { bot, userUri: user.uri, ids });
    const his = new ScriptedSession(callIdOfTheUser, 'inbound');
    await invited(his);
    const own = new ScriptedSession(callIdOfOurs, 'outbound');
    answered({ kind: 'open', session: own });
    await opening;
    return [own, his];
  }

  for (const [old, young] of [
    ['a', 'z'],
    ['z', 'a'],
  ] as const) {
    it(`the user's new chat lives as any, whatever its Call-ID: ${young} in the place of ${old}`, async () => {
      const before = new ScriptedSession(old, 'inbound');
      await invited(before);
      const session = new ScriptedSession(young, 'inbound');
      await invited(session);
      expect(before.byes).to.equal(1);
      await clock.advance(idleTimeoutMs - 1);
      expect(session.byes).to.equal(0);
      await clock.advance(1);
      expect(session.byes).to.equal(1);
    });
  }

  it('of two that crossed the one that is not chosen ends after a short silence', async () => {
    const [own, his] = await crossed('a', 'z');
    await clock.advance(glareSilenceMs);
    expect([own?.byes, his?.byes]).to.deep.equal([0, 1]);
  });

  it('of two that crossed the one that the user keeps lives on, though we had chosen the other', async () => {
    const [, his] = await crossed('a', 'z');
    await clock.advance(glareSilenceMs - 1);
    ours.onEnd('bye');
    await clock.advance(idleTimeoutMs - glareSilenceMs);
    expect(his?.byes).to.equal(0);
    await clock.advance(glareSilenceMs);
    expect(his?.byes).to.equal(1);
  });

  for (const service of ['session', 'largeMessage'] as const) {
    it(`${service}: a message that is still coming in keeps it up, and the silence begins behind it`, async () => {
      const session = new ScriptedSession('a', 'inbound', service);
      await invited(session);
      session.receiving = true;
      await clock.advance(3 * idleTimeoutMs);
      expect(session.byes).to.equal(0);
      session.receiving = false;
      await clock.advance(service === 'session' ? idleTimeoutMs : lingerMs);
      expect(session.byes).to.equal(1);
    });
  }

  describe('while the gateway stops', () => {
    const patienceMs = 7_000;
    const refused: Opened = {
      kind: 'refused',
      outcome: { status: 487, reason: 'Request Terminated', tags: readFeatureTags([]) },
    };

    it('an INVITE of ours that still rings when the patience is over is cancelled, and waited for', async () => {
      const opening = conversations.open(bot, user, { bot, userUri: user.uri, ids });
      let isOver = false;
      const drained = conversations.drain(patienceMs).then(() => (isOver = true));
      await clock.advance(patienceMs - 1);
      expect(cancel?.aborted).to.equal(false);
      await clock.advance(1);
      expect([cancel?.aborted, isOver]).to.deep.equal([true, false]);
      answered(refused);
      expect((await opening).kind).to.equal('refused');
      await drained;
    });

    it('one that is answered before has its session, which ends once it is at rest', async () => {
      const opening = conversations.open(bot, user, { bot, userUri: user.uri, ids });
      const drained = conversations.drain(patienceMs);
      const session = new ScriptedSession('a', 'outbound');
      answered({ kind: 'open', session });
      const opened = await opening;
      if (opened.kind !== 'open') throw new Error('refused');
      await conversations.send(opened.live, { contentType: 'message/cpim', content: Buffer.from('x') });
      await drained;
      expect([cancel?.aborted, session.byes]).to.deep.equal([false, 1]);
    });
  });
});
