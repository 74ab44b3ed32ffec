/** What the operator writes reaches the part that obeys it: a key that nobody reads would be a promise without anybody behind it. */
import { expect } from 'chai';
import { isListForm, isObjectForm, type Form } from '../../lib/config/form.js';
import { withValueAt } from '../../lib/config/path.js';
import { configSchema } from '../../lib/config/schema.js';
import { type Config, loadConfig } from '../../lib/config.js';
import {
  engineOptions,
  interpreterLimits,
  msrpOptions,
  notifyOptions,
  restLimits,
  serviceLimits,
  storeLimits,
} from '../../lib/gateway/settings.js';
import { defaultMsrpOptions } from '../../lib/msrp/options.js';
import { notifyDefaults } from '../../lib/notify/options.js';
import { defaultRestLimits } from '../../lib/rest/deps.js';
import { DEFAULT_LIMITS } from '../../lib/sip-engine/options.js';
import { DEFAULT_TIMERS } from '../../lib/sip-engine/transaction/timers.js';
import { defaultLimits } from '../../lib/store/limits.js';

/** Numbers that the root hands on by itself: ports, and what belongs to no part that has options of its own. */
const byTheRoot =
  /\.(port|auditDays|pagerMaxBytes)$|^(admin|audit|drain|limits|overload|trace|sip\.drachtio|chat\.backoff)\.|^(rest\.tokenS|sip\.(callTimeoutS|requestTimeoutS|sessionExpiresS|keepAliveS|keepAliveTimeoutS)|capabilities\.timeoutS|store\.answerTimeoutMs)$/;

describe('numbers of the configuration', () => {
  it('reach the options of a part, each of them', () => {
    const keys = [...numbers(configSchema)].filter((path) => !byTheRoot.test(path.join('.')));
    expect(keys).to.have.length.above(70);
    const config = loadConfig({ env: { IWF_SERVERROOT: 'http://a', IWF_PLATFORMS: '[]' } });
    const before = JSON.stringify(told(config));
    const unread = keys.filter((path) => before === JSON.stringify(told(withValueAt(config, path, 12_345) as Config)));
    expect(unread.map((path) => path.join('.'))).to.deep.equal([]);
  });

  it('chatbots are somebody at the engine’s address, whoever else is not', () => {
    const platforms = '[{"id":"a","chatbots":[{"uri":"sip:shop@bots.example.net"}]}]';
    const { nobody } = engineOptions(loadConfig({ env: { IWF_SERVERROOT: 'http://a', IWF_PLATFORMS: platforms } }));
    expect(nobody?.('shop')).to.equal(false);
    expect(nobody?.('ping')).to.equal(true);
  });
});

/** What the parts are told, as far as they have an option of that name. */
function told(config: Config): object {
  const { channels, ...notify } = notifyOptions(config);
  const { limits, timers, ...engine } = engineOptions(config);
  return {
    rest: known(restLimits(config), defaultRestLimits),
    msrp: known(msrpOptions(config), defaultMsrpOptions),
    notify: known(notify, notifyDefaults),
    channels: known(channels ?? {}, notifyDefaults.channels),
    engine: [
      known(limits ?? {}, DEFAULT_LIMITS),
      known(timers ?? {}, DEFAULT_TIMERS),
      engine.minSeS,
      engine.retryAfterS,
    ],
    store: known(storeLimits(config), { ...defaultLimits, maxFileBytes: 0 }),
    interpreter: interpreterLimits(config),
    services: serviceLimits(config),
  };
}

function known(options: object, defaults: object): object {
  return Object.fromEntries(Object.entries(options).filter(([name]) => name in defaults));
}

function* numbers(form: Form, path: readonly string[] = []): Generator<readonly string[]> {
  if (isListForm(form) || !isObjectForm(form)) return;
  for (const [key, inner] of Object.entries(form.properties)) {
    if ('minimum' in inner) yield [...path, key];
    else yield* numbers(inner, [...path, key]);
  }
}
