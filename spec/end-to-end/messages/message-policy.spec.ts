import { expect } from 'chai';
import type { RestAnswer } from '../../../lib/sim/platform.js';
import { KeptLog } from '../kept-log.js';
import { bot, contact, startWorld, type World, type WorldOptions } from '../world.js';

const card = 'application/vnd.gsma.botmessage.v1.0+json';
const chips = 'application/vnd.gsma.botsuggestion.v1.0+json';
const layout = { cardOrientation: 'VERTICAL' };
const good = JSON.stringify({ message: { generalPurposeCard: { layout, content: { title: 'Hi' } } } });
const bad = JSON.stringify({ message: { generalPurposeCard: { layout, content: { title: 'hunter2'.repeat(40) } } } });
const path = 'message.generalPurposeCard.content.title';

describe('what a platform may send, over real sockets', () => {
  let world: World;
  afterEach(() => world.stop());

  const start = async (platform: object, options: WorldOptions = {}): Promise<void> => {
    world = await startWorld({ platform: { ...platform }, ...options });
  };
  const post = (contentType: string, bodyText: string): Promise<RestAnswer> =>
    world.platform.send(contact, { contentType, bodyText });
  const arrives = async (content: string): Promise<void> => {
    const { phone } = world;
    await phone.until(() => phone.inbox.some(({ text }) => text === content));
  };
  const metrics = async (): Promise<string> =>
    (await fetch(`http://127.0.0.1:${world.gateway.ports.admin}/metrics`)).text();
  const variablesOf = ({ body }: RestAnswer): readonly string[] => {
    const { requestError } = body as { requestError: Record<string, { messageId: string; variables: string[] }> };
    const [exception] = Object.values(requestError);
    return [exception?.messageId ?? '', ...(exception?.variables ?? [])];
  };

  it('bot JSON passes unseen where nothing is said [IWF-123]', async () => {
    await start({});
    expect((await post(card, bad)).status).to.equal(201);
    await arrives(bad);
    expect((await post(card, '{')).status).to.equal(201);
    await arrives('{');
    expect(await metrics()).not.to.match(/iwf_bot_json_invalid_total\{/);
  });

  it('warn: it goes out all the same, with a count and one line that holds nothing of it [IWF-123]', async () => {
    const log = new KeptLog();
    await start({ botJson: 'warn' }, { log });
    expect((await post(card, good)).status).to.equal(201);
    expect((await post(card, bad)).status).to.equal(201);
    await arrives(bad);
    expect(await metrics()).to.match(/iwf_bot_json_invalid_total\{result="warned"\} 1\n/);
    const lines = log.lines.filter(({ event }) => event === 'bot json invalid');
    expect(lines).to.have.length(1);
    expect(lines[0]?.fields).to.include({ platformId: 'spec', part: path });
    expect(JSON.stringify(log.lines)).not.to.contain('hunter2');
  });

  it('every traffic type passes where nothing is said [IWF-1016]', async () => {
    await start({});
    for (const trafficType of ['advertisement', 'Own-1']) {
      expect((await world.platform.send(contact, { text: trafficType, trafficType })).status).to.equal(201);
      await arrives(trafficType);
    }
    expect(world.phone.inbox.map(({ trafficType }) => trafficType)).to.deep.equal(['advertisement', 'Own-1']);
  });

  it('only those of the list pass where there is one, as the operator writes them [IWF-1016]', async () => {
    await start({ trafficTypes: ['advertisement', 'Premium'] });
    const refused = await world.platform.send(contact, { text: 'x', trafficType: 'payment', clientCorrelator: 'c' });
    expect([refused.status, ...variablesOf(refused)]).to.deep.equal([
      403,
      'POL0001',
      'trafficType is none of advertisement, Premium',
    ]);
    const premium = { text: 'two', trafficType: 'PREMIUM', clientCorrelator: 'c' };
    expect((await world.platform.send(contact, premium)).status).to.equal(201);
    await arrives('two');
    expect((await world.platform.send(contact, { text: 'none' })).status).to.equal(201);
    await arrives('none');
    expect(world.phone.inbox.map(({ trafficType }) => trafficType)).to.deep.equal(['Premium', undefined]);
  });

  it('none passes where the list is empty, also in a confirmed session [IWF-1016]', async () => {
    await start({ trafficTypes: [] });
    const chat = `/chat/v1/${encodeURIComponent(bot)}`;
    const session = `${chat}/oneToOne/${encodeURIComponent(contact)}`;
    const callbackReference = { notifyURL: world.platform.notifyURL };
    await world.platform.request('POST', `${chat}/subscriptions`, {
      chatNotificationSubscription: { callbackReference, confirmedChatSupported: true },
    });
    const { location } = await world.platform.request('POST', session, { chatSessionInformation: {} });
    await world.platform.waitFor(({ body }) => body['eventType'] === 'Accepted');
    const chatMessage = { text: 'x', trafficType: 'payment' };
    for (const messages of [`${String(location)}/messages`, `${session}/adhoc/messages`]) {
      const refused = await world.platform.request('POST', messages, { chatMessage });
      expect([refused.status, ...variablesOf(refused)]).to.deep.equal([403, 'POL0001', 'no trafficType is allowed']);
    }
    expect(world.phone.inbox).to.have.length(0);
  });

  it('reject: 400 names the JSON path, also in a part, and what is right goes out [IWF-123]', async () => {
    await start({ botJson: 'reject' });
    const refused = await post(card, bad);
    expect([refused.status, ...variablesOf(refused)]).to.deep.equal([
      400,
      'SVC0002',
      path,
      'must NOT have more than 200 characters',
    ]);
    const part = (type: string, content: string) => `--n\r\nContent-Type: ${type}\r\n\r\n${content}\r\n`;
    const mixed = await post('multipart/mixed; boundary=n', `${part(card, good)}${part(chips, '{}')}--n--\r\n`);
    expect(mixed.status).to.equal(400);
    expect(variablesOf(mixed)[2]).to.match(/suggestions.*in part 2$/);
    expect((await post(card, good)).status).to.equal(201);
    await arrives(good);
    expect(world.phone.inbox).to.have.length(1);
    expect(await metrics()).to.match(/iwf_bot_json_invalid_total\{result="refused"\} 2\n/);
  });
});
