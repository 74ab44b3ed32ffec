/** `platforms[].notify.verify`: a notifyURL is subscribed only where its owner echoes a challenge. */
import { expect } from 'chai';
import { createHmac } from 'node:crypto';
import {
  type CallbackServer,
  type RawAnswer,
  type RawCallback,
  startCallbackServer,
} from '../../support/callback-server.js';
import { bot, contact, startWorld, type World } from '../world.js';

const secret = `whsec_${Buffer.from('thirty-two octets, or a few more.').toString('base64')}`;

describe('the challenge of a notifyURL [IWF-1533]', () => {
  let world: World;
  let server: CallbackServer;

  before(async () => {
    const notify = { allow: ['127.0.0.1'], secrets: [secret], verify: true };
    world = await startWorld({ subscribe: false, platform: { notify }, config: { notify: { timeoutS: 1 } } });
  });
  beforeEach(async () => {
    server = await startCallbackServer();
  });
  afterEach(() => server.close());
  after(() => world.stop());

  const collection = `/chat/v1/${encodeURIComponent(bot)}/subscriptions`;
  const subscribe = (more: object = {}): ReturnType<World['platform']['request']> =>
    world.platform.request('POST', collection, {
      chatNotificationSubscription: { callbackReference: { notifyURL: server.url }, ...more },
    });
  const challengeOf = ({ body }: RawCallback): string =>
    (JSON.parse(body.toString()) as { verification: { challenge: string } }).verification.challenge;
  const subscriptions = async (): Promise<number> => (await world.platform.subscriptions()).length;

  const echoes: readonly [name: string, answer: (challenge: string) => RawAnswer][] = [
    ['plain text', (challenge) => ({ status: 200, headers: { 'content-type': 'text/plain' }, body: `${challenge}\n` })],
    ['JSON', (challenge) => ({ status: 201, body: JSON.stringify({ challenge, more: true }) })],
  ];
  for (const [name, answer] of echoes) {
    it(`is a signed POST of a random text, and is passed by its echo as ${name}`, async () => {
      server.answer = (call) => answer(challengeOf(call));
      const subscribed = await subscribe();
      expect(subscribed.status, JSON.stringify(subscribed.body)).to.equal(201);
      const [call] = server.calls;
      if (!call) throw new Error('no challenge came');
      expect(call).to.include({ method: 'POST', path: '/notify' });
      expect(challengeOf(call)).to.match(/^[A-Za-z0-9_-]{32}$/);
      const head = `${String(call.headers['webhook-id'])}.${String(call.headers['webhook-timestamp'])}.`;
      const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
      const signature = createHmac('sha256', key).update(head).update(call.body).digest('base64');
      expect(call.headers['webhook-signature']).to.equal(`v1,${signature}`);
      await world.platform.request('DELETE', subscribed.location ?? '');
    });
  }

  const failures: readonly [name: string, answer: (challenge: string) => RawAnswer][] = [
    ['nothing', () => ({ status: 204 })],
    ['another text', () => ({ status: 200, body: 'yes' })],
    ['the text and more', (challenge) => ({ status: 200, body: `${challenge} ${challenge}` })],
    ['JSON without it', (challenge) => ({ status: 200, body: JSON.stringify({ answer: challenge }) })],
    ['what is no JSON', (challenge) => ({ status: 200, body: `{"challenge":"${challenge}"` })],
    ['an error', (challenge) => ({ status: 403, body: challenge })],
    ['a redirect', (challenge) => ({ status: 302, headers: { location: server.url }, body: challenge })],
    ['the text far behind', (challenge) => ({ status: 200, body: `${' '.repeat(2_000)}${challenge}` })],
  ];
  for (const [name, answer] of failures) {
    it(`is failed by ${name}: 403 POL0001, and nothing is stored`, async () => {
      server.answer = (call) => answer(challengeOf(call));
      const { status, body } = await subscribe({ clientCorrelator: name });
      expect(status).to.equal(403);
      expect(body).to.have.nested.property('requestError.policyException.messageId', 'POL0001');
      expect(await subscriptions()).to.equal(0);
      server.answer = (call) => ({ status: 200, body: challengeOf(call) });
      const again = await subscribe({ clientCorrelator: name });
      expect(again.status).to.equal(201);
      await world.platform.request('DELETE', again.location ?? '');
    });
  }

  it('is failed by who does not answer in time, or is not there', async () => {
    server.answer = () => ({ status: 200, headers: { 'content-length': '100' }, body: 'begun' });
    expect((await subscribe()).status).to.equal(403);
    const { url } = server;
    await server.close();
    expect(url).to.equal(server.url);
    expect((await subscribe()).status).to.equal(403);
    expect(await subscriptions()).to.equal(0);
  });

  it('is new each time, and not asked again for the same correlator', async () => {
    server.answer = (call) => ({ status: 200, body: challengeOf(call) });
    const [one, again, two] = [
      await subscribe({ clientCorrelator: 'same' }),
      await subscribe({ clientCorrelator: 'same' }),
      await subscribe(),
    ];
    expect(again.location).to.equal(one.location);
    expect(server.calls).to.have.length(2);
    expect(new Set(server.calls.map(challengeOf)).size).to.equal(2);
    for (const { location } of [one, two]) await world.platform.request('DELETE', location ?? '');
  });

  it('is not for a channel of our own', async () => {
    const made = await world.platform.request('POST', `/notificationchannel/v1/${encodeURIComponent(bot)}/channels`, {
      notificationChannel: { channelType: 'LongPolling' },
    });
    const { callbackURL } = (made.body as { notificationChannel: { callbackURL: string } }).notificationChannel;
    const { status } = await world.platform.request('POST', collection, {
      chatNotificationSubscription: { callbackReference: { notifyURL: callbackURL } },
    });
    expect(status).to.equal(201);
  });

  it('lets callbacks come once it is passed', async () => {
    server.answer = (call) => ({ status: 200, body: challengeOf(call) });
    expect((await subscribe()).status).to.equal(201);
    server.answer = () => ({ status: 204 });
    await world.phone.send(bot, 'hello');
    const call = await server.waitFor(({ body }) => body.includes('chatMessageNotification'));
    expect(call.body.toString()).to.include(contact);
  });
});
