/** Notify, by configuration: what it needs of the platforms, of the interpreter, of the trace and of the audit log. */
import { systemClock } from '../../clock.js';
import type { Config, PlatformConfig } from '../../config.js';
import type { ChatbotDirectory } from '../../iwf/actions.js';
import type { Logger } from '../../log.js';
import type { Audit } from '../../log/audit.js';
import type { MetricsRegistry } from '../../metrics.js';
import type { LetterHooks } from '../../notify/delivery/letters.js';
import { type Notify, openNotify } from '../../notify/notify.js';
import { printNotification } from '../../resources/notification.js';
import type { Store } from '../../store/store.js';
import type { TraceRing } from '../../trace/ring.js';
import { noteEnd } from '../operators/audit.js';
import { callbackTrace } from '../operators/callback-trace.js';
import { callbacksOf, limitsOf } from './platforms.js';
import { notifyOptions } from '../settings.js';

export interface NotifyParts {
  readonly config: Config;
  readonly store: Store;
  readonly directory: ChatbotDirectory;
  readonly log: Logger;
  readonly metrics: MetricsRegistry;
  readonly trace: TraceRing | undefined;
  readonly hooks: LetterHooks;
  readonly audit: Audit;
}

export interface NotifySide extends Notify {
  /** Reads the files of a platform again; throws ConfigError, and then nothing has changed. */
  reloadTls(platform: PlatformConfig): void;
}

/** Rejects where the store does. */
export async function createNotify(parts: NotifyParts): Promise<NotifySide> {
  const { config, store, directory, log, metrics, trace, hooks, audit } = parts;
  const callbacks = callbacksOf(config);
  const notify = await openNotify({
    store,
    clock: systemClock,
    log,
    metrics,
    platform: (platformId) => callbacks.find(platformId),
    print: (notification, context) => JSON.stringify(printNotification(notification, context)),
    serverRoot: (bot) => directory.find(bot)?.serverRoot ?? config.serverRoot,
    ...hooks,
    limits: limitsOf(config, directory),
    onSubscriptionEnded: (subscription, reason) => noteEnd(audit, subscription, reason),
    ...(trace && { onExchange: callbackTrace((event) => trace.event(event), config.trace.bodies) }),
    options: notifyOptions(config),
  });
  const reloadTls = (platform: PlatformConfig): void => {
    callbacks.renew(platform);
    notify.renew(platform.id);
  };
  return { ...notify, reloadTls };
}
