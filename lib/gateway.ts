/** The composition root: what exists, who gets what, in which order it starts and stops. */
import type { Config } from './config.js';
import { type Foundation, openFoundation } from './gateway/foundation.js';
import { readAgain } from './gateway/certificates.js';
import { createInterpreter } from './gateway/interpreter.js';
import { type Crowd, openCrowd } from './gateway/load/crowd.js';
import { type NetworkSide, openNetworkSide } from './gateway/network/network-side.js';
import { readTemplates } from './gateway/network/templates.js';
import { result, storeCheck } from './gateway/operators/checks.js';
import { deadLetterActions } from './gateway/operators/dead-letters.js';
import { showInHand } from './gateway/operators/in-hand.js';
import { showLateness } from './gateway/operators/lateness.js';
import { openOperators, type Operators } from './gateway/operators/operators.js';
import { letterHooks } from './gateway/platforms/letter-hooks.js';
import { createNotify, type NotifySide } from './gateway/platforms/notify.js';
import { openDirectory } from './gateway/platforms/platforms.js';
import { openRest } from './gateway/platforms/rest.js';
import { type StopStep, stopInTime } from './gateway/stop.js';
import { openStorage, type Storage } from './gateway/storage.js';
import type { Interpreter } from './iwf/interpreter.js';
import { type Logger, maskOf } from './log.js';
import type { RestServer } from './rest/listen.js';

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
  const foundation = openFoundation(config, log);
  try {
    return await start(foundation);
  } catch (error) {
    for (const close of foundation.started.reverse()) await close().catch(() => undefined);
    throw error;
  }
}

/** All that runs. */
interface House extends NetworkSide {
  readonly operators: Operators;
  readonly storage: Storage;
  readonly crowd: Crowd;
  readonly notify: NotifySide;
  readonly iwf: Interpreter;
  readonly rest: RestServer;
}

/** Whether it goes down: asked by what would else try on. */
interface Draining {
  isOn: boolean;
}

async function start(foundation: Foundation): Promise<Gateway> {
  const draining: Draining = { isOn: false };
  const house = await build(foundation, draining);
  const { operators, crowd, msrp, sip, rest, notify } = house;
  operators.ready(readyChecks(house, draining));
  crowd.load.start();
  operators.audit.note({ actor: 'gateway', action: 'start', result: 'done' });
  const ports = { rest: rest.port, admin: operators.admin.port, msrp: msrp.port };
  foundation.log.info('gateway ready', { ...ports, sip: sip.agent.listening });
  let stopping: Promise<void> | undefined;
  return {
    ports,
    sip: sip.agent.listening,
    reload: () => readAgain(foundation.config, { rest, sip, msrp, notify }, foundation.log),
    stop: () => (stopping ??= stop(foundation, house, draining)),
  };
}

/** What may be wrong in files first, then the operators' side, so that a start can be watched; then from the store outwards, and REST when all else runs. */
async function build(foundation: Foundation, draining: Draining): Promise<House> {
  const { config, clock, log, metrics, started } = foundation;
  const templates = await readTemplates();
  const operators = await openOperators(foundation);
  const storage = await openStorage(foundation, () => draining.isOn);
  const { store, wait } = storage;
  const known = await openDirectory(config, { store, log, metrics });
  const { directory } = known;
  const crowd = openCrowd(foundation, storage, directory);
  const network = await openNetworkSide(foundation, { directory, crowd, wait, templates });

  const later: { iwf?: Interpreter } = {};
  const hooks = letterHooks(() => later.iwf);
  const notify = await createNotify({ ...foundation, store, directory, hooks, audit: operators.audit.note });
  started.push(() => notify.stop());
  operators.show(
    deadLetterActions({
      ...notify,
      directory,
      mask: maskOf(config.log),
      late: (onLate) => wait.watch('admin', onLate),
    }),
  );
  const iwf = createInterpreter(foundation, { ...network, store, notify, directory, crowd });
  later.iwf = iwf;

  await network.sip.prepare();
  await iwf.start();
  started.push(() => iwf.drain(0));
  network.routing.start();
  notify.start();
  const rest = await openRest(foundation, { ...known, iwf, notify, crowd, wait, operators });
  showInHand(metrics, { ...network, store, notify });
  showLateness(metrics, { store, clock });
  return { ...network, operators, storage, crowd, notify, iwf, rest };
}

function readyChecks(
  { network, routing, msrp, storage, crowd }: House,
  draining: Draining,
): Parameters<Operators['ready']>[0] {
  return [
    { name: 'drain', check: () => result(!draining.isOn, 'draining') },
    { name: 'rest', check: () => result(true) },
    { name: 'sip', check: () => result(network.ready, 'no engine') },
    { name: 'next hops', check: () => routing.check() },
    { name: 'msrp', check: () => result(msrp.listening, 'not listening') },
    { name: 'store', check: () => storage.wait.check() ?? storeCheck(storage.store) },
    { name: 'load', check: () => crowd.load.check() },
  ];
}

/** What has work in hand goes first, what it needs for that after it, and who tells of it last. */
async function stop({ config, log, metrics }: Foundation, house: House, draining: Draining): Promise<void> {
  const { operators, iwf, sip } = house;
  draining.isOn = true;
  sip.drain();
  log.info('draining', { sessions: iwf.sessionCount });
  const timeoutMs = config.drain.timeoutS * 1000;
  await stopInTime(stopSteps(house, timeoutMs), timeoutMs, log);
  metrics.close();
  operators.refusals.close();
  log.close();
  log.info('gateway stopped');
}

function stopSteps(house: House, timeoutMs: number): readonly StopStep[] {
  const { operators, storage, crowd, msrp, sip, routing, notify, iwf, rest } = house;
  const { audit, admin, strangers } = operators;
  const closeSip = (): Promise<void> => {
    routing.close();
    return sip.close();
  };
  const closeLoad = (): Promise<void> => {
    storage.wait.close();
    return crowd.load.close();
  };
  const closeAudit = (): Promise<void> => {
    strangers.close();
    audit.note({ actor: 'gateway', action: 'stop', result: 'done' });
    return audit.close();
  };
  return [
    { name: 'sessions', until: 0.65, run: () => iwf.drain(timeoutMs / 2) },
    { name: 'rest, callbacks', until: 0.8, run: (ms) => Promise.all([rest.close(ms * 0.8), notify.stop(ms)]) },
    { name: 'load', until: 0.82, run: closeLoad },
    { name: 'sip', until: 0.85, run: closeSip },
    { name: 'msrp', until: 0.9, run: () => msrp.close() },
    { name: 'store', until: 0.98, run: () => storage.store.close() },
    { name: 'admin', until: 0.99, run: () => admin.close() },
    { name: 'audit', until: 1, run: closeAudit },
  ];
}
