import { expect } from 'chai';
import type { Chatbot } from '../../../lib/iwf/actions.js';
import { Conversations, type SessionOpening } from '../../../lib/iwf/sessions/conversations.js';
import type { ChatSession, Invitation, Network, Opened } from '../../../lib/sip/network.js';
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
const lingerMs = 30_000;

class Session implements ChatSession {
  readonly traceKeys: readonly string[] = [];
  readonly peerTags = readFeatureTags([]);
  readonly direction = 'outbound';
  readonly service = 'session';
  readonly callId: string;
  receiving = false;
  readonly held = false;
  open = true;

  constructor(callId: string) {
    this.callId = callId;
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
    this.open = false;
    return Promise.resolve();
  }
}

describe('sessions that a bot opens, at their limit', () => {
  let clock: FakeClock;
  let conversations: Conversations;
  let sessions: Session[];
  let counted: string[];
  /** INVITEs are answered at once, unless they are held. */
  let isHeld: boolean;

  beforeEach(() => {
    clock = new FakeClock();
    sessions = [];
    counted = [];
    isHeld = false;
    const openSession = ({ userUri }: { readonly userUri: string }): Promise<Opened> => {
      if (isHeld) return new Promise(() => undefined);
      const session = new Session(userUri);
      sessions.push(session);
      return Promise.resolve({ kind: 'open', session });
    };
    conversations = new Conversations({
      network: { openSession } as unknown as Network,
      clock,
      log: silentLog,
      metrics: { ...silentMetrics, count: (_name, labels) => void counted.push(labels?.['limit'] ?? '') },
      idleTimeoutMs: 300_000,
      lingerMs,
      glareSilenceMs: 5_000,
      maxSessions: 3,
      maxSessionsPerBot: 2,
      maxSessionsPerUser: 2,
      link: () => undefined,
      receive: () => Promise.resolve(undefined),
      resumed: () => undefined,
    });
  });

  function open(user: string): Promise<SessionOpening> {
    const ids = { conversationId: user, contributionId: user };
    return conversations.open(bot, { key: user, uri: user }, { bot, userUri: user, ids });
  }

  const upNow = (): readonly string[] => sessions.filter((session) => session.open).map(({ callId }) => callId);

  it('are no more than the bot may have: the next is as to one who is away, and the limit is counted', async () => {
    await open('tel:+1');
    await open('tel:+2');
    const third = await open('tel:+3');
    expect(third).to.have.nested.property('outcome.status', 480);
    expect(upNow()).to.deep.equal(['tel:+1', 'tel:+2']);
    expect(counted.filter((limit) => limit !== '')).to.deep.equal(['limits.sessionsPerBot']);
  });

  it('count from their INVITE on: a burst does not pass the limit', async () => {
    isHeld = true;
    void open('tel:+1');
    void open('tel:+2');
    expect((await open('tel:+3')).kind).to.equal('refused');
  });

  it('take the place of the one that was silent longest, once it was so for chat.lingerS', async () => {
    await open('tel:+1');
    await open('tel:+2');
    await clock.advance(lingerMs);
    const first = conversations.live(bot.uri, 'tel:+1');
    if (!first) throw new Error('no session');
    await conversations.send(first, { contentType: 'message/cpim', content: Buffer.from('x') });
    expect((await open('tel:+3')).kind).to.equal('open');
    expect(upNow()).to.deep.equal(['tel:+1', 'tel:+3']);
    expect((await open('tel:+4')).kind, 'the others are in use').to.equal('refused');
  });

  it('leave those alone in which something is on its way, and those of the bot’s own making', async () => {
    await open('tel:+1');
    const [receiving] = sessions;
    if (receiving) receiving.receiving = true;
    const confirmed = new Session('tel:+2');
    const invitation = { accept: () => Promise.resolve(confirmed) } as unknown as Invitation;
    const ids = { conversationId: 'c', contributionId: 'd' };
    const user = { key: 'tel:+2', uri: 'tel:+2' };
    await conversations.accept(invitation, bot, { bot, user, ids, service: 'session', sessionId: 'confirmed' });
    await clock.advance(2 * lingerMs);
    expect((await open('tel:+3')).kind).to.equal('refused');
    expect([receiving?.open, confirmed.open]).to.deep.equal([true, true]);
  });

  it('of all bots are bounded, too', async () => {
    const user = { key: 'tel:+9', uri: 'tel:+9' };
    const ids = { conversationId: 'c', contributionId: 'd' };
    for (const name of ['a', 'b', 'c']) {
      const other = { ...bot, uri: `sip:${name}@botplatform.example.net` };
      await conversations.open(other, user, { bot: other, userUri: user.uri, ids });
    }
    expect(await open('tel:+1')).to.have.nested.property('outcome.status', 480);
    expect(counted.filter((limit) => limit !== '')).to.deep.equal(['msrp.maxSessions']);
  });
});
