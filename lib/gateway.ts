/** The composition root: what exists, who gets what, in which order it starts and stops. */
import { systemClock, type Timer } from './clock.js';
import type { Config } from './config.js';
import { readAgain } from './gateway/certificates.js';
import { createAudit, openAdmin } from './gateway/operators/admin.js';
import { auditedChannels, auditedSubscriptions } from './gateway/operators/audit.js';
import { furtherActions, restActions, rootActions } from './gateway/platforms/actions.js';
import { accessOf } from './gateway/platforms/access.js';
import { createNotify } from './gateway/platforms/notify.js';
import { result, storeCheck } from './gateway/operators/checks.js';
import { openDirectory, rootsOf } from './gateway/platforms/platforms.js';
import { disguiseOf } from './gateway/platforms/disguise.js';
import { createFairTurns } from './gateway/load/fair-turns.js';
import { msrpReach } from './gateway/network/msrp-reach.js';
import { watchLimits } from './gateway/load/limit-watch.js';
import { createLoad } from './gateway/load/load.js';
import { deadLetterActions } from './gateway/operators/dead-letters.js';
import { showInHand } from './gateway/operators/in-hand.js';
import { letterHooks } from './gateway/platforms/letter-hooks.js';
import { createOrigins } from './gateway/load/origins.js';
import { randomId } from './gateway/random-id.js';
import { createRouting } from './gateway/network/routing.js';
import { contactHost } from './gateway/network/contact-host.js';
import { createSipSide, trustedBy } from './gateway/network/sip.js';
import { interpreterLimits, msrpOptions, restLimits, serviceLimits, storeLimits } from './gateway/settings.js';
import { createStorePulse } from './gateway/load/store-pulse.js';
import { createStoreWait } from './gateway/load/store-wait.js';
import { type StopStep, stopInTime } from './gateway/stop.js';
import { readTemplates } from './gateway/network/templates.js';
import { msrpTls, restTls } from './gateway/tls-material.js';
import { Interpreter } from './iwf/interpreter.js';
import { type Logger, maskOf } from './log.js';
import { tellSeldom } from './log/seldom.js';
import { createMetrics, type MetricsRegistry } from './metrics.js';
import type { MsrpEndpoint } from './msrp/api.js';
import { createMsrpEndpoint } from './msrp/endpoint.js';
import { backoffMs } from './notify/pace/backoff.js';
import type { DeadLetterActions } from './rest/admin/dead-letters.js';
import type { RestDeps } from './rest/deps.js';
import { type RestServer, startRest } from './rest/listen.js';
import type { ReadyCheck } from './rest/admin/readiness.js';
import { SipNetwork } from './sip/sip-network.js';
import { openStore } from './store/open.js';
import { withPatience } from './store/patience.js';
import { createTraceRing, type TraceRing } from './trace/ring.js';

export interface Gateway {
  /** As bound. */
  readonly ports: { readonly rest: number; readonly admin: number; readonly msrp: number };
  /** `udp/127.0.0.1:5060` … */
  readonly sip: readonly string[];
  /** Certificates of all sections are read again; where they cannot be used those in use stay, and the log says so. */
  reload(): void;
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
  const metrics = watchLimits(createMetrics({ log, process: true }), { log, clock });
  const trace = config.trace.conversations > 0 ? createTraceRing(config.trace) : undefined;
  const parts: Parts = { config, log, metrics, trace };

  const readiness: ReadyCheck[] = [{ name: 'start', check: () => ({ state: 'failed', detail: 'starting' }) }];
  let deadLetters: DeadLetterActions | undefined = undefined as DeadLetterActions | undefined;
  started.push(closing(metrics));
  const refusals = tellSeldom(clock, (reason, told) => log.warn('rest credential refused', { reason, ...told }));
  started.push(closing(refusals));
  const audit = createAudit({ ...parts, clock });
  started.push(() => audit.close());
  const admin = await openAdmin(
    { ...parts, clock },
    { checks: readiness, deadLetters: () => deadLetters, audit: audit.note },
  );
  started.push(() => admin.close());
  let draining = false;
  const opened = await openStore({ ...config.store, clock, log, metrics, limits: storeLimits(config) });
  started.push(() => opened.close());
  const store = withPatience(opened, { clock, log, isOver: () => draining });
  const pulse = createStorePulse(opened);
  const storeWait = createStoreWait({ pulse, timeoutMs: config.store.answerTimeoutMs, clock, log, metrics });
  storeWait.start();
  started.push(closing(storeWait));
  const msrp = createMsrp(parts);
  await msrp.start();
  started.push(() => msrp.close());
  const { directory, rootChatbots } = await openDirectory(config, { store, log, metrics });
  const origins = createOrigins(directory);
  const load = createLoad(config, { store: opened, pulse, clock, log, metrics, origins });
  started.push(() => load.close());
  const turns = createFairTurns();
  metrics.gauge('turns_waiting', () => turns.waiting);
  const sip = createSipSide(config, {
    ...{ clock, log, metrics, trace, load },
    turn: (uri, laterMs) => turns.wait(origins.ofUser(uri), laterMs),
  });
  started.push(() => sip.close());
  const routing = createRouting(config, sip.agent, { clock, log, metrics });
  started.push(closing(routing));

  let interpreter: Interpreter | undefined = undefined as Interpreter | undefined;
  const hooks = letterHooks(() => interpreter);
  const notify = await createNotify({ ...parts, store, directory, hooks, audit: audit.note });
  started.push(() => notify.stop());
  const late = (onLate: () => void): Timer => storeWait.watch('admin', onLate);
  deadLetters = deadLetterActions({ ...notify, directory, mask: maskOf(config.log), late });

  const network = new SipNetwork({
    agent: routing.agent,
    msrp,
    clock,
    log,
    metrics,
    templates: await readTemplates(),
    fingerprints: () => msrp.fingerprints,
    offerTls: config.msrp.offerTls,
    contactHost: () => contactHost(config, sip),
    disguise: disguiseOf(config, directory),
    userOptions: config.sip.defaultCountry === undefined ? {} : { defaultCountry: config.sip.defaultCountry },
    pagerMaxBytes: (userUri) => routing.pagerMaxBytes(userUri),
    messageAnswer: config.sip.messageAnswer,
    sessionExpiresS: config.sip.sessionExpiresS,
    minSeS: config.sip.minSeS,
    maxMessageBytes: config.msrp.maxMessageBytes,
    late: (onLate) => storeWait.watch('sip', onLate),
    retryAfterS: config.sip.retryAfterS,
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
    turn: (bot) => turns.wait(bot),
    // The embedded engine asks by itself, and sooner.
    ...(config.sip.engine === 'drachtio' && {
      overloaded: () => load.sipOverloaded(),
      messageTurn: (bot: string) => turns.wait(bot),
    }),
  });
  interpreter = iwf;
  await sip.prepare();
  await iwf.start();
  started.push(() => iwf.drain(0));
  routing.start();
  notify.start();
  const rest = await openRest(parts, {
    turn: (source) => turns.wait(source),
    overdue: (source) => load.restOverdue(turns.waitMs(source)),
    overloaded: load.restOverloaded,
    settled: load.restSettled,
    late: (onLate) => storeWait.watch('rest', onLate),
    refused: (reason, peer) => refusals.note(reason, 1, peer),
    actions: restActions(iwf, auditedSubscriptions(notify.subscriptions, audit.note)),
    further: furtherActions(iwf, auditedChannels(notify.channels, audit.note)),
    directory,
    rootChatbots: rootActions(rootChatbots),
  });
  started.push(() => rest.close());

  showInHand(metrics, { store, msrp, sip, deadLetters: notify.deadLetters });
  readiness.splice(
    0,
    1,
    { name: 'drain', check: () => result(!draining, 'draining') },
    { name: 'rest', check: () => result(true) },
    { name: 'sip', check: () => result(network.ready, 'no engine') },
    { name: 'next hops', check: () => routing.check() },
    { name: 'msrp', check: () => result(msrp.listening, 'not listening') },
    { name: 'store', check: () => storeWait.check() ?? storeCheck(store) },
    { name: 'load', check: () => load.check() },
  );
  load.start();
  audit.note({ actor: 'gateway', action: 'start', result: 'done' });
  log.info('gateway ready', { rest: rest.port, admin: admin.port, msrp: msrp.port, sip: sip.agent.listening });

  const closeSip = (): Promise<void> => {
    routing.close();
    return sip.close();
  };
  const closeLoad = (): Promise<void> => {
    storeWait.close();
    return load.close();
  };
  const closeAudit = (): Promise<void> => {
    audit.note({ actor: 'gateway', action: 'stop', result: 'done' });
    return audit.close();
  };
  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    draining = true;
    sip.drain();
    log.info('draining', { sessions: iwf.sessionCount });
    const timeoutMs = config.drain.timeoutS * 1000;
    const steps: readonly StopStep[] = [
      { name: 'sessions', until: 0.65, run: () => iwf.drain(timeoutMs / 2) },
      { name: 'rest, callbacks', until: 0.8, run: (ms) => Promise.all([rest.close(ms * 0.8), notify.stop(ms)]) },
      { name: 'load', until: 0.82, run: () => closeLoad() },
      { name: 'sip', until: 0.85, run: () => closeSip() },
      { name: 'msrp', until: 0.9, run: () => msrp.close() },
      { name: 'store', until: 0.98, run: () => store.close() },
      { name: 'admin', until: 0.99, run: () => admin.close() },
      { name: 'audit', until: 1, run: () => closeAudit() },
    ];
    await stopInTime(steps, timeoutMs, log);
    metrics.close();
    refusals.close();
    log.info('gateway stopped');
  };
  return {
    ports: { rest: rest.port, admin: admin.port, msrp: msrp.port },
    sip: sip.agent.listening,
    reload: () => readAgain(config, { rest, sip, msrp, notify }, log),
    stop: () => (stopping ??= stop()),
  };
}

/** Of what closes at once. */
function closing(part: { close(): void }): () => Promise<void> {
  return () => {
    part.close();
    return Promise.resolve();
  };
}

interface Parts {
  readonly config: Config;
  readonly log: Logger;
  readonly metrics: MetricsRegistry;
  readonly trace: TraceRing | undefined;
}

function createMsrp({ config, log, metrics, trace }: Parts): MsrpEndpoint {
  const tls = msrpTls(config);
  return createMsrpEndpoint(msrpOptions(config), {
    clock: systemClock,
    metrics,
    log,
    randomId,
    admit: trustedBy(config.msrp.trustedPeers),
    reach: msrpReach(config.msrp),
    ...(tls && { tls }),
    ...(trace && { trace: (event) => trace.event(event) }),
  });
}

async function openRest(
  { config, log, metrics, trace }: Parts,
  faces: Partial<RestDeps> & Pick<RestDeps, 'actions' | 'directory'>,
): Promise<RestServer> {
  return startRest(
    {
      ...faces,
      ...(await accessOf(config, systemClock)),
      limits: restLimits(config),
      log,
      metrics,
      clock: systemClock,
      ...rootsOf(config),
      ...(trace && { trace: (event) => trace.event(event) }),
    },
    { ...config.rest, tls: restTls(config) },
  );
}
