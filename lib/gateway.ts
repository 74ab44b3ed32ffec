/** The composition root: what exists, who gets what, in which order it starts and stops. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { systemClock } from './clock.js';
import type { Config } from './config.js';
import { furtherActions, restActions } from './gateway/actions.js';
import { accessOf, restTls } from './gateway/access.js';
import { callbackEvents } from './gateway/callback-trace.js';
import { basePathsOf, callbacksOf, directoryOf } from './gateway/platforms.js';
import { disguiseOf } from './gateway/disguise.js';
import { msrpReach } from './gateway/msrp-reach.js';
import { createRouting } from './gateway/routing.js';
import { createSipSide, type SipSide, trustedBy } from './gateway/sip.js';
import {
  interpreterLimits,
  msrpOptions,
  notifyOptions,
  restLimits,
  serviceLimits,
  storeLimits,
} from './gateway/settings.js';
import { Interpreter } from './iwf/interpreter.js';
import type { Logger } from './log.js';
import { createMetrics, type MetricsRegistry } from './metrics.js';
import type { MsrpEndpoint } from './msrp/api.js';
import { createMsrpEndpoint } from './msrp/endpoint.js';
import { backoffMs } from './notify/backoff.js';
import { type Notify, openNotify } from './notify/notify.js';
import { printNotification } from './resources/notification.js';
import { type AdminFace, startAdmin } from './rest/admin.js';
import type { RestActions } from './rest/deps.js';
import type { FurtherActions } from './rest/further-actions.js';
import { type RestServer, startRest } from './rest/listen.js';
import type { CheckResult, ReadyCheck } from './rest/readiness.js';
import { SipNetwork } from './sip/sip-network.js';
import { openStore } from './store/open.js';
import type { Store } from './store/store.js';
import { createTraceRing, type TraceRing } from './trace/ring.js';
import { traceView } from './trace/view.js';

export interface Gateway {
  /** As bound. */
  readonly ports: { readonly rest: number; readonly admin: number; readonly msrp: number };
  /** `udp/127.0.0.1:5060` … */
  readonly sip: readonly string[];
  /** Drains within `drain.timeoutS`, then closes everything; idempotent. */
  stop(): Promise<void>;
}

/** Resolves once traffic may come. Rejects with the system's error where a port is taken, and then nothing is left open. */
export async function startGateway(config: Config, log: Logger): Promise<Gateway> {
  const started: (() => Promise<void>)[] = [];
  try {
    return await assemble(config, log, started);
  } catch (error) {
    for (const close of started.reverse()) await close().catch(() => undefined);
    throw error;
  }
}

/** Each part that has started leaves the way to close it in `started`. */
async function assemble(config: Config, log: Logger, started: (() => Promise<void>)[]): Promise<Gateway> {
  const clock = systemClock;
  const metrics = createMetrics({ log, process: true });
  const trace = config.trace.conversations > 0 ? createTraceRing(config.trace) : undefined;
  const parts: Parts = { config, log, metrics, trace };

  const readiness: ReadyCheck[] = [{ name: 'start', check: () => ({ state: 'failed', detail: 'starting' }) }];
  const admin = await openAdmin(parts, readiness);
  started.push(() => admin.close());
  const store = await openStore({ ...config.store, clock, log, metrics, limits: storeLimits(config) });
  started.push(() => store.close());
  const msrp = createMsrp(parts);
  await msrp.start();
  started.push(() => msrp.close());
  const sip = createSipSide(config, parts4(parts));
  started.push(() => sip.close());
  const directory = directoryOf(config);
  const routing = createRouting(config, sip.agent, { clock, log, metrics });
  started.push(() => {
    routing.close();
    return Promise.resolve();
  });

  let interpreter: Interpreter | undefined = undefined as Interpreter | undefined;
  const notify = await createNotify(parts, store, {
    serverRoot: (bot) => directory.find(bot)?.serverRoot ?? config.serverRoot,
    undeliverable: (bot, user, messageId) => interpreter?.undeliverable(bot, user, messageId),
  });
  started.push(() => notify.stop());

  const network = new SipNetwork({
    agent: routing.agent,
    msrp,
    clock,
    log,
    metrics,
    templates: await readTemplates(),
    fingerprints: msrp.fingerprints,
    offerTls: config.msrp.offerTls,
    contactHost: () => contactHost(config, sip),
    disguise: disguiseOf(config, directory),
    userOptions: config.sip.defaultCountry === undefined ? {} : { defaultCountry: config.sip.defaultCountry },
    pagerMaxBytes: (userUri) => routing.pagerMaxBytes(userUri),
    messageAnswer: config.sip.messageAnswer,
    sessionExpiresS: config.sip.sessionExpiresS,
    minSeS: config.sip.minSeS,
    maxMessageBytes: config.msrp.maxMessageBytes,
  });
  const iwf = new Interpreter({
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
  });
  interpreter = iwf;
  await sip.prepare();
  await iwf.start();
  started.push(() => iwf.drain(0));
  routing.start();
  notify.start();
  const rest = await openRest(parts, {
    actions: restActions(iwf, notify.subscriptions),
    further: furtherActions(iwf, notify.channels),
    directory,
  });
  started.push(() => rest.close());

  metrics.gauge('msrp_sessions', () => msrp.sessionCount);
  metrics.gauge('queue_depth', () => store.depth('outbound'), { queue: 'outbound' });
  metrics.gauge('queue_depth', () => store.depth('notify'), { queue: 'notify' });
  let draining = false;
  readiness.splice(
    0,
    1,
    { name: 'drain', check: () => result(!draining, 'draining') },
    { name: 'rest', check: () => result(true) },
    { name: 'sip', check: () => result(network.ready, 'no engine') },
    { name: 'next hops', check: () => routing.check() },
    { name: 'msrp', check: () => result(msrp.listening, 'not listening') },
    { name: 'store', check: () => storeCheck(store) },
  );
  log.info('gateway ready', { rest: rest.port, admin: admin.port, msrp: msrp.port, sip: sip.agent.listening });

  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    draining = true;
    sip.drain();
    log.info('draining', { sessions: iwf.sessionCount });
    await within(config.drain.timeoutS * 900, () => iwf.drain(config.drain.timeoutS * 500));
    await Promise.all([rest.close(), notify.stop()]);
    routing.close();
    await sip.close();
    await msrp.close();
    await store.close();
    await admin.close();
    log.info('gateway stopped');
  };
  return {
    ports: { rest: rest.port, admin: admin.port, msrp: msrp.port },
    sip: sip.agent.listening,
    stop: () => (stopping ??= stop()),
  };
}

interface Parts {
  readonly config: Config;
  readonly log: Logger;
  readonly metrics: MetricsRegistry;
  readonly trace: TraceRing | undefined;
}

function parts4({ log, metrics, trace }: Parts): Parameters<typeof createSipSide>[1] {
  return { clock: systemClock, log, metrics, trace };
}

function openAdmin({ config, log, metrics, trace }: Parts, checks: readonly ReadyCheck[]): Promise<AdminFace> {
  const ring = trace ?? createTraceRing({ conversations: 0, eventsPerConversation: 0 });
  return startAdmin({ ...config.admin, checks, metrics, trace: traceView(ring), clock: systemClock, log });
}

function createMsrp({ config, log, metrics, trace }: Parts): MsrpEndpoint {
  return createMsrpEndpoint(msrpOptions(config), {
    clock: systemClock,
    metrics,
    log,
    randomId: () => randomBytes(16).toString('hex'),
    admit: trustedBy(config.sip.trustedPeers),
    reach: msrpReach({ ...config.msrp, ...config.sip }),
    ...(config.msrp.tls && { tls: pemTexts(config.msrp.tls) }),
    ...(trace && { trace: (event) => trace.event(event) }),
  });
}

function pemTexts({ cert, key }: { cert: string; key: string }): { cert: string; key: string } {
  return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
}

interface NotifyNeeds {
  serverRoot(bot: string): string;
  undeliverable(bot: string, user: string, messageId: string): ReturnType<Interpreter['undeliverable']> | undefined;
}

function createNotify({ config, log, metrics, trace }: Parts, store: Store, needs: NotifyNeeds): Promise<Notify> {
  return openNotify({
    store,
    clock: systemClock,
    log,
    metrics,
    platform: callbacksOf(config),
    print: (notification, context) => JSON.stringify(printNotification(notification, context)),
    serverRoot: (bot) => needs.serverRoot(bot),
    onDead: ({ about }) =>
      about.kind === 'chatMessage' && about.messageId !== undefined
        ? needs.undeliverable(about.bot, about.contact, about.messageId)
        : undefined,
    ...(trace && {
      onExchange: (exchange) => {
        for (const event of callbackEvents(exchange, config.trace.bodies)) trace.event(event);
      },
    }),
    options: notifyOptions(config),
  });
}

function openRest(
  { config, log, metrics, trace }: Parts,
  faces: { actions: RestActions; further: FurtherActions; directory: ReturnType<typeof directoryOf> },
): Promise<RestServer> {
  return startRest(
    {
      ...faces,
      ...accessOf(config, systemClock),
      limits: restLimits(config),
      log,
      metrics,
      clock: systemClock,
      basePaths: basePathsOf(config),
      ...(trace && { trace: (event) => trace.event(event) }),
    },
    { ...config.rest, tls: restTls(config) },
  );
}

/** Templates lie beside dist/ and lib/: an operator may change them. */
async function readTemplates(): Promise<SipTemplates> {
  const read = (name: string): Promise<string> =>
    readFile(fileURLToPath(new URL(`../../sdp-templates/${name}.sdp`, import.meta.url)), 'utf8');
  const [sessionOffer, sessionAnswer, largeMessageOffer] = await Promise.all([
    read('chatbot-session-offer'),
    read('chatbot-session-answer'),
    read('large-message-offer'),
  ]);
  return { sessionOffer, sessionAnswer, largeMessageOffer };
}

interface SipTemplates {
  readonly sessionOffer: string;
  readonly sessionAnswer: string;
  readonly largeMessageOffer: string;
}

/** `host:port` where the network reaches us, of the first listening address. */
function contactHost({ sip }: Config, { agent }: SipSide): string {
  const [, host = '127.0.0.1', port = '5060'] = /^\w+\/(.*):(\d+)$/.exec(agent.listening[0] ?? '') ?? [];
  return `${sip.advertise ?? host}:${port}`;
}

function result(ok: boolean, detail?: string): CheckResult {
  return ok || detail === undefined ? { state: 'ok' } : { state: 'failed', detail };
}

async function storeCheck(store: Store): Promise<CheckResult> {
  await store.ping();
  return store.durable ? { state: 'ok' } : { state: 'degraded', detail: 'not durable: messages are lost at exit' };
}

/** Waits for `work`, but not longer. */
async function within(ms: number, work: () => Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
  await Promise.race([work(), late]);
  clearTimeout(timer);
}
