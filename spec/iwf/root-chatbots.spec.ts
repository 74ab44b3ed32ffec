import { expect } from 'chai';
import type { Chatbot } from '../../lib/iwf/actions.js';
import { RootChatbots, type RootPlatform } from '../../lib/iwf/root-chatbots.js';
import { ApiError } from '../../lib/resources/api-error.js';
import { defaultLimits } from '../../lib/store/limits.js';
import type { Store } from '../../lib/store/store.js';
import { openVolatileStore } from '../../lib/store/volatile.js';
import { FakeClock } from '../support/fake-clock.js';
import { silentLog, silentMetrics } from '../support/silent.js';

const shop = 'sip:shop@bots.example';

const platform = (platformId: string, maxChatbots = 10): [string, RootPlatform] => {
  const traits = { version: '#=2', roles: ['standalone'], mode: 'auto', serverRoot: 'https://gw.example' } as const;
  return [platformId, { traits: { ...traits, platformId }, maxChatbots }];
};

describe('chatbots by their serverRoot', () => {
  let store: Store;
  beforeEach(() => {
    store = openVolatileStore({ clock: new FakeClock(), log: silentLog, metrics: undefined, limits: defaultLimits });
  });
  afterEach(() => store.close());

  const opened = async (...platforms: readonly [string, RootPlatform][]): Promise<RootChatbots> => {
    const parts = { store, log: silentLog, metrics: silentMetrics, userHosts: new Set(['ims.example.net']) };
    const chatbots = new RootChatbots({ ...parts, platforms: new Map(platforms) });
    await chatbots.load();
    return chatbots;
  };
  const bot = (chatbots: RootChatbots, platformId: string, uri: string): Chatbot => {
    const would = chatbots.would(platformId, uri);
    if (!would) throw new Error(`${uri} would be no chatbot`);
    return would;
  };
  const refusal = async (work: Promise<void>): Promise<string> => {
    try {
      await work;
    } catch (error) {
      if (error instanceof ApiError) return error.id;
      throw error;
    }
    return 'taken';
  };

  const rows: readonly (readonly [uri: string, key: string | undefined])[] = [
    ['sip:shop@bots.example', shop],
    ['SIP:shop@BOTS.example:5060;transport=tcp', shop],
    ['sip:12520040106@bots.example', 'sip:12520040106@bots.example'],
    ['sips:shop@bots.example', 'sips:shop@bots.example'],
    ['sip:+15550100001@bots.example', undefined],
    ['sip:15550100001@bots.example;user=phone', undefined],
    ['sip:%2B15550100001@bots.example', undefined],
    ['sip:15550100001@bots.example;USER=%50hone', undefined],
    ['sip:shop@ims.example.net', undefined],
    ['sip:shop@IMS.example.net:5070', undefined],
    ['sip:bots.example', undefined],
    ['tel:+15550100001', undefined],
    ['sip:a b@bots.example', undefined],
    ['sip:a@bots.example\r\nX: y', undefined],
    ['', undefined],
  ];
  for (const [uri, key] of rows) {
    it(`${JSON.stringify(uri)} would be ${key ?? 'none'}`, async () => {
      expect((await opened(platform('p'))).would('p', uri)?.uri).to.equal(key);
    });
  }

  it('are what the platform’s defaults say, under their user part; nothing is kept of who only would be one', async () => {
    const chatbots = await opened(platform('p'));
    expect(chatbots.would('p', shop)).to.deep.equal({ ...platform('p')[1].traits, uri: shop, name: 'shop' });
    expect(chatbots.would('other', shop)).to.equal(undefined);
    expect(chatbots.find(shop)).to.equal(undefined);
    expect(await store.list('chatbot')).to.have.length(0);
  });

  it('are known once they are admitted, also to the gateway that comes after', async () => {
    const chatbots = await opened(platform('p'));
    await chatbots.admit(bot(chatbots, 'p', shop));
    expect(chatbots.find(shop)?.platformId).to.equal('p');
    expect((await opened(platform('p'))).find(shop)?.platformId).to.equal('p');
    expect((await opened(platform('p', 0))).find(shop)?.platformId, 'a limit that was lowered').to.equal('p');
    expect((await opened(platform('other'))).find(shop), 'a platform that has no such root any more').to.equal(
      undefined,
    );
  });

  it('are of the platform that was first, also where two come at once', async () => {
    const chatbots = await opened(platform('p'), platform('q'));
    const [one, two] = [bot(chatbots, 'p', shop), bot(chatbots, 'q', shop)];
    const outcomes = await Promise.all([one, two, one, two].map((each) => refusal(chatbots.admit(each))));
    expect(outcomes).to.deep.equal(['taken', 'SVC2008', 'taken', 'SVC2008']);
    expect(chatbots.find(shop)?.platformId).to.equal('p');
    expect(chatbots.would('q', shop)).to.equal(undefined);
    expect(await store.list('chatbot')).to.have.length(1);
  });

  it('are as many as the platform may have, and again those that it has', async () => {
    const chatbots = await opened(platform('p', 1));
    const [one, two] = [bot(chatbots, 'p', shop), bot(chatbots, 'p', 'sip:two@bots.example')];
    expect(await refusal(chatbots.admit(one))).to.equal('taken');
    expect(await refusal(chatbots.admit(two))).to.equal('POL0001');
    expect(await refusal(chatbots.admit(one))).to.equal('taken');
    expect(chatbots.find(two.uri)).to.equal(undefined);
  });

  it('…also where several come at once', async () => {
    const chatbots = await opened(platform('p', 2));
    const all = ['a', 'b', 'c'].map((user) => bot(chatbots, 'p', `sip:${user}@bots.example`));
    const outcomes = await Promise.all(all.map((one) => refusal(chatbots.admit(one))));
    expect(outcomes).to.deep.equal(['taken', 'taken', 'POL0001']);
  });

  it('are none where the store fails, and may come again', async () => {
    const chatbots = await opened(platform('p'));
    const one = bot(chatbots, 'p', shop);
    const commit = store.commit.bind(store);
    store.commit = () => Promise.reject(new Error('disk full'));
    let failure: unknown;
    await chatbots.admit(one).catch((error: unknown) => (failure = error));
    expect(String(failure)).to.contain('disk full');
    expect(chatbots.find(shop)).to.equal(undefined);
    store.commit = commit;
    expect(await refusal(chatbots.admit(one))).to.equal('taken');
  });
});
