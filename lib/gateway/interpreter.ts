/** The interpreter, by configuration, between the two sides. */
import { Interpreter } from '../iwf/interpreter.js';
import { backoffMs } from '../notify/pace/backoff.js';
import type { Store } from '../store/store.js';
import type { Foundation } from './foundation.js';
import type { Crowd } from './load/crowd.js';
import type { NetworkSide } from './network/network-side.js';
import type { NotifySide } from './platforms/notify.js';
import type { Directory } from './platforms/platforms.js';
import { interpreterLimits, serviceLimits } from './settings.js';

interface Sides extends Pick<NetworkSide, 'network' | 'routing'>, Pick<Directory, 'directory'> {
  readonly store: Store;
  readonly notify: NotifySide;
  readonly crowd: Crowd;
}

export function createInterpreter(foundation: Foundation, sides: Sides): Interpreter {
  const { config, clock, log, metrics, trace } = foundation;
  const { store, network, routing, notify, directory, crowd } = sides;
  const { load, turns } = crowd;
  return new Interpreter({
    store,
    network,
    notifications: notify.notifications,
    directory,
    clock,
    log,
    metrics,
    link: (key, conversationId) => trace?.link(key, conversationId),
    backoffMs: (attempts) => backoffMs(config.chat.backoff, attempts, Math.random()),
    userUri: (key) => routing.routes.userUri(key),
    ...(config.sip.defaultCountry === undefined ? {} : { defaultCountry: config.sip.defaultCountry }),
    limits: interpreterLimits(config),
    services: serviceLimits(config),
    turn: (bot) => turns.wait(bot),
    // The embedded engine asks by itself, and sooner.
    ...(config.sip.engine === 'drachtio' && {
      overloaded: () => load.sipOverloaded(),
      messageTurn: (bot: string) => turns.wait(bot),
    }),
  });
}
