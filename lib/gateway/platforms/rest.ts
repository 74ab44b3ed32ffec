/** The REST face, by configuration, on what the interpreter and notify do for it. */
import type { Interpreter } from '../../iwf/interpreter.js';
import { type RestServer, startRest } from '../../rest/listen.js';
import type { Foundation } from '../foundation.js';
import type { Crowd } from '../load/crowd.js';
import type { StoreWait } from '../load/store-wait.js';
import { auditedChannels, auditedSubscriptions } from '../operators/audit.js';
import type { Operators } from '../operators/operators.js';
import { restLimits } from '../settings.js';
import { restTls } from '../tls-material.js';
import { accessOf } from './access.js';
import { furtherActions, restActions, rootActions } from './actions.js';
import type { NotifySide } from './notify.js';
import { type Directory, rootsOf } from './platforms.js';

interface Behind extends Directory {
  readonly iwf: Interpreter;
  readonly notify: NotifySide;
  readonly crowd: Crowd;
  readonly wait: StoreWait;
  readonly operators: Operators;
}

/** Rejects with the system's error where its port is taken. */
export async function openRest(foundation: Foundation, behind: Behind): Promise<RestServer> {
  const { config, clock, log, metrics, trace, started } = foundation;
  const { iwf, notify, crowd, wait, operators, directory, rootChatbots } = behind;
  const { load, turns } = crowd;
  const { audit, refusals } = operators;
  const rest = await startRest(
    {
      turn: (source) => turns.wait(source),
      overdue: (source) => load.restOverdue(turns.waitMs(source)),
      overloaded: load.restOverloaded,
      settled: load.restSettled,
      late: (onLate) => wait.watch('rest', onLate),
      refused: (reason, peer) => refusals.note(reason, 1, peer),
      actions: restActions(iwf, auditedSubscriptions(notify.subscriptions, audit.note)),
      further: furtherActions(iwf, auditedChannels(notify.channels, audit.note)),
      directory,
      rootChatbots: rootActions(rootChatbots),
      ...(await accessOf(config, clock)),
      limits: restLimits(config),
      log,
      metrics,
      clock,
      ...rootsOf(config),
      ...(trace && { trace: (event) => trace.event(event) }),
    },
    { ...config.rest, tls: restTls(config) },
  );
  started.push(() => rest.close());
  return rest;
}
