/** Limits of what the gateway keeps for all: subscriptions, channels, queues, what it knows of contacts, how long it waits for them. */
import { expect } from 'chai';
import { SimulatedPlatform } from '../../../lib/sim/platform.js';
import { Operator } from '../operator.js';
import { bot, contact, otherBot, otherKey } from '../world.js';
import { itTells, type Limited, type LimitCase, startLimited } from './limited.js';

const patient = { baseMs: 3_600_000, factor: 1, maxMs: 3_600_000, jitter: 0 };
const bots = ['one', 'two', 'three'].map((name) => `sip:${name}@botplatform.example.net`);

describe('limits of what is kept for all [IWF-1726]', () => {
  let operator: Operator;
  let on: Limited;
  before(async () => {
    operator = await Operator.listen();
    on = await startLimited({
      config: {
        sip: { nextHop: operator.hop, keepAliveS: 0 },
        chat: { backoff: patient },
        limits: { requestsPerS: 1 },
        store: { maxItems: 2 },
        notify: { maxSubscriptions: 2, channels: { maxPerBot: 1, maxChannels: 2 } },
        capabilities: { maxContacts: 1, sourcesPerBot: 1, timeoutS: 1 },
      },
      platform: { chatbots: [{ uri: bot }, ...bots.map((uri) => ({ uri }))], limits: { requestsPerS: 1_000 } },
    });
  });
  after(async () => {
    await on.stop();
    await operator.close();
  });

  const asked = async (path: string, body?: object): Promise<string> => {
    const answer = await on.world.platform.request(body ? 'POST' : 'GET', path, body);
    return refusal(answer);
  };
  const channel = (of = bot): Promise<string> =>
    asked(`/notificationchannel/v1/${encodeURIComponent(of)}/channels`, {
      notificationChannel: { channelType: 'LongPolling' },
    });
  const source = (): Promise<string> =>
    asked(`/capabilitydiscovery/v1/${encodeURIComponent(bot)}/capabilitySources`, {
      capabilitySource: { serviceCapability: [{ capabilityId: 'ChatbotSA' }] },
    });
  const subscribe = (of: string): Promise<string> =>
    asked(`/chat/v1/${encodeURIComponent(of)}/subscriptions`, {
      chatNotificationSubscription: { callbackReference: { notifyURL: on.world.platform.notifyURL } },
    });
  const capabilities = (user: string): Promise<string> =>
    asked(`/capabilitydiscovery/v1/${encodeURIComponent(bot)}/contactCapabilities/${encodeURIComponent(user)}`);

  const cases: readonly LimitCase[] = [
    {
      limit: 'notify.maxSubscriptions',
      who: 'sip:two@botplatform.example.net',
      sees: '201, 403 POL0001',
      // One was there before.
      meets: async () => [await subscribe(bots[0]!), await subscribe(bots[1]!)].join(', '),
    },
    {
      limit: 'notify.channels.maxPerBot',
      who: bot,
      sees: '201, 403 POL0001',
      meets: async () => [await channel(), await channel()].join(', '),
    },
    {
      limit: 'notify.channels.maxChannels',
      who: 'sip:two@botplatform.example.net',
      sees: '403 POL0001',
      async meets() {
        await channel();
        await channel(bots[0]);
        return channel(bots[1]);
      },
    },
    {
      limit: 'capabilities.sourcesPerBot',
      who: bot,
      sees: '201, 403 POL0001',
      meets: async () => [await source(), await source()].join(', '),
    },
    {
      limit: 'store.maxItems',
      who: bot,
      sees: '503 SVC1000',
      async meets({ world }) {
        operator.answer = () => ({ statusLine: '480 Away' });
        const sent = [];
        for (const text of ['1', '2', '3']) sent.push(refusal(await world.platform.send(contact, { text })));
        return String(sent.at(-1));
      },
    },
    {
      limit: 'limits.requestsPerS',
      who: 'other',
      sees: '429 POL0001',
      async meets({ world }) {
        // The other platform, which has the limit of all.
        const { serverRoot } = world;
        const other = new SimulatedPlatform({ serverRoot, key: otherKey, bot: otherBot });
        const path = `/chat/v1/${encodeURIComponent(otherBot)}/subscriptions`;
        const answers = await Promise.all(Array.from({ length: 10 }, () => other.request('GET', path)));
        return answers.map(refusal).find((one) => one.startsWith('429')) ?? 'none';
      },
    },
  ];

  itTells(cases, () => on);

  it('capabilities.maxContacts: the one asked for longest ago is asked again', async () => {
    operator.answer = () => ({
      statusLine: '200 OK',
      lines: [
        'Contact: <sip:phone@127.0.0.1:9>;+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.oma.cpm.session"',
      ],
    });
    for (const number of ['01', '01', '02', '01']) await capabilities(`tel:+155501002${number}`);
    const questions = operator.seen
      .filter((text) => text.startsWith('OPTIONS '))
      .map((text) => /\+\d+/.exec(text)?.[0]);
    expect(questions).to.deep.equal(['+15550100201', '+15550100202', '+15550100201']);
  });

  it('capabilities.timeoutS: 503 SVC1000', async () => {
    operator.answer = () => undefined;
    expect(await capabilities('tel:+15550100203')).to.equal('503 SVC1000');
  });
});

/** Status, and the identifier of a refusal. */
function refusal({ status, body }: { readonly status: number; readonly body: unknown }): string {
  const found = /"messageId":"(\w+)"/.exec(JSON.stringify(body));
  return [status, ...(found ? [found[1]] : [])].join(' ');
}
