/** The places that sessions have: each takes one from its INVITE on, whoever opens it. */
import { expect } from 'chai';
import { Callee } from '../callee.js';
import { offer, RawPhone, requestText } from '../raw-phone.js';
import { bot } from '../world.js';
import { type Limited, startLimited } from './limited.js';

describe('a session that rings', () => {
  let callee: Callee;
  let on: Limited;
  let phone: RawPhone;

  before(async () => {
    callee = await Callee.listen();
    const answer = callee.operator.answer;
    callee.operator.answer = (text) => (text.startsWith('INVITE ') ? { statusLine: '180 Ringing' } : answer(text));
    on = await startLimited({
      mode: 'session',
      config: { sip: { nextHop: callee.operator.hop }, msrp: { maxSessions: 1 } },
    });
    phone = await RawPhone.of(on.world);
    await on.world.platform.send('tel:+15550100041', { text: 'rings' });
    await callee.operator.waitFor('INVITE ');
  });
  after(async () => {
    phone.close();
    await on.stop();
    await callee.close();
  });

  it('takes the last place: a user’s INVITE is 503 with Retry-After at once', async () => {
    const startedMs = performance.now();
    const refused = await phone.invite();
    expect([refused.status, refused.header('Retry-After')]).to.deep.equal([503, '5']);
    // Unanswered, the engine would say 480 after 20 s.
    expect(performance.now() - startedMs).to.be.below(10_000);
    expect(await on.reached('msrp.maxSessions')).to.be.at.least(1);
  });

  it('has the bot’s next message wait, and wakes nobody', async () => {
    const { location = '' } = await on.world.platform.send('tel:+15550100042', { text: 'waits' });
    const description = async (): Promise<unknown> => {
      const { body } = await on.world.platform.request('GET', `${location}/status`);
      return (body as { messageStatusReport: { description?: string } }).messageStatusReport.description;
    };
    while ((await description()) === undefined) await new Promise((resolve) => setImmediate(resolve));
    expect(await description()).to.equal('SIP 503 Too many sessions');
    expect(on.log.lines.filter(({ event }) => event === 'outbound item failed')).to.deep.equal([]);
  });
});

describe('the sessions of one user with one chatbot', () => {
  const largeMessages = ['P-Asserted-Service: urn:urn-7:3gpp-service.ims.icsi.oma.cpm.largemsg'];
  const another = 'sip:+15550100003@ims.example.net;user=phone';
  let on: Limited;
  let phone: RawPhone;

  beforeEach(async () => {
    on = await startLimited({ config: { limits: { sessionsPerUser: 2 } } });
    phone = await RawPhone.of(on.world);
  });
  afterEach(async () => {
    phone.close();
    await on.stop();
  });

  it('are so many that others have theirs, too: 480 with Retry-After until one of them ends', async () => {
    const chat = await phone.chat();
    await phone.chat({ lines: largeMessages });
    const refused = await phone.invite({ lines: largeMessages });
    expect([refused.status, refused.header('Retry-After')]).to.deep.equal([480, '5']);
    expect(await on.reached('limits.sessionsPerUser')).to.equal(1);
    expect(await on.whoReached('limits.sessionsPerUser')).to.equal(bot);
    expect((await phone.invite({ user: another, lines: largeMessages })).status).to.equal(200);
    await phone.ask('BYE', { ...chat, cseq: 2 });
    expect((await phone.invite({ lines: largeMessages })).status).to.equal(200);
  });

  it('are no more where he calls for all at once', async () => {
    const body = offer();
    for (let calls = 0; calls < 5; calls++)
      phone.send(requestText('INVITE', phone.port, { lines: largeMessages, type: 'application/sdp', body }));
    const statuses = [];
    while (statuses.length < 5) statuses.push((await phone.final()).status);
    expect(statuses.sort()).to.deep.equal([200, 200, 480, 480, 480]);
  });

  it('count while they wait for a bot that decides itself', async () => {
    const { platform } = on.world;
    const subscriptions = (await platform.subscriptions())[0]?.resourceURL ?? '';
    const made = await platform.request('POST', subscriptions.slice(0, subscriptions.lastIndexOf('/')), {
      chatNotificationSubscription: {
        callbackReference: { notifyURL: platform.notifyURL },
        confirmedChatSupported: true,
      },
    });
    expect(made.status).to.equal(201);
    const body = offer();
    for (let calls = 0; calls < 2; calls++)
      phone.send(requestText('INVITE', phone.port, { type: 'application/sdp', body }));
    const isInvitation = ({ kind }: { readonly kind: string }): boolean => kind === 'chatSessionInvitationNotification';
    await platform.waitFor((one) => isInvitation(one) && platform.callbacks.filter(isInvitation).length === 2);
    expect((await phone.invite()).status).to.equal(480);
    expect(await on.reached('limits.sessionsPerUser')).to.equal(1);
  });
});
