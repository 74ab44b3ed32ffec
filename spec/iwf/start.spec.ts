import { expect } from 'chai';
import { loadConfig } from '../../lib/config.js';
import { interpreterLimits, serviceLimits } from '../../lib/gateway/settings.js';
import type { Chatbot } from '../../lib/iwf/actions.js';
import { chatbotDirectory } from '../../lib/iwf/chatbots.js';
import { Interpreter } from '../../lib/iwf/interpreter.js';
import type { Invitation, Network, NetworkHandlers, Refusal } from '../../lib/sip/network.js';
import { defaultLimits } from '../../lib/store/limits.js';
import { openVolatileStore } from '../../lib/store/volatile.js';
import { readFeatureTags } from '../../lib/wire/feature-tags.js';
import { until } from '../support/ask-again.js';
import { FakeClock } from '../support/fake-clock.js';
import { silentLog, silentMetrics } from '../support/silent.js';
import { notificationsTo } from './roomy-notifications.js';

const bot: Chatbot = {
  uri: 'sip:shop@botplatform.example.net',
  name: 'shop',
  version: '#=1',
  roles: ['session'],
  mode: 'auto',
  platformId: 'p',
  serverRoot: 'http://127.0.0.1',
};
const config = loadConfig({ env: { IWF_SERVERROOT: 'http://127.0.0.1:1', IWF_PLATFORMS: '[{"id":"p"}]' } });

/** One whose user calls as soon as there is somebody to call. */
function eagerNetwork(arrived: () => Promise<void>): Network {
  const invitation: Partial<Invitation> = {
    botUri: bot.uri,
    callId: 'call',
    user: { key: 'tel:+15550100001', uri: 'tel:+15550100001' },
    ids: {},
    service: 'session',
    tags: readFeatureTags([]),
    askedVersions: new Set(),
    refuse: (refusal: Refusal) => Promise.reject(new Error(`refused: ${refusal.status}`)),
    onceCancelled: () => undefined,
  };
  const network: Partial<Network> = {
    start: (handlers: NetworkHandlers) => {
      handlers.onInvitation(invitation as Invitation);
      return arrived();
    },
    hungUp: () => Promise.resolve(),
  };
  return network as Network;
}

describe('the start of the interpreter', () => {
  it('takes no session for one of the last process that a user has just opened [IWF-1218]', async () => {
    const common = { clock: new FakeClock(), log: silentLog, metrics: silentMetrics };
    const store = openVolatileStore({ ...common, limits: defaultLimits });
    const told: string[] = [];
    const notifications = notificationsTo(told);
    const interpreter = new Interpreter({
      ...common,
      store,
      notifications,
      network: eagerNetwork(() => until(async () => (await store.list('conversation', 'session|')).length === 1)),
      directory: chatbotDirectory({ chatbots: [bot], domains: [] }),
      link: () => undefined,
      backoffMs: () => 1000,
      userUri: (key) => key,
      limits: interpreterLimits(config),
      services: serviceLimits(config),
    });
    await interpreter.start();
    expect(told).to.deep.equal(['chatSessionInvitation']);
    await store.close();
  });
});
