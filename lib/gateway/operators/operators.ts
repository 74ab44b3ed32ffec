/** The operators' side: audit, the admin face, what /readyz says. It is there first, so that a start can be watched. */
import { type AuditTrail } from '../../log/audit.js';
import { type Seldom, tellSeldom } from '../../log/seldom.js';
import type { AdminFace } from '../../rest/admin/admin.js';
import type { DeadLetterActions } from '../../rest/admin/dead-letters.js';
import { readiness, type ReadyCheck } from '../../rest/admin/readiness.js';
import { type Foundation, closing } from '../foundation.js';
import { createAudit, openAdmin } from './admin.js';
import { seldomStrangers, type Strangers } from './strangers.js';

export interface Operators {
  readonly audit: AuditTrail;
  readonly admin: AdminFace;
  readonly strangers: Strangers;
  /** Credentials that are refused at the REST face. */
  readonly refusals: Seldom;
  /** From now on they can be seen. */
  show(deadLetters: DeadLetterActions): void;
  /** The start is over: from now on this is asked. */
  ready(checks: readonly ReadyCheck[]): void;
}

/** A scrape leaves out what it has not in a second; a store that hangs is not to be left out but told of. */
const readyWithinMs = 900;

/** Rejects with the system's error where the admin port is taken. */
export async function openOperators(foundation: Foundation): Promise<Operators> {
  const { clock, log, metrics, started } = foundation;
  const refusals = tellSeldom(clock, (reason, told) => log.warn('rest credential refused', { reason, ...told }));
  started.push(closing(refusals));
  const audit = createAudit(foundation);
  started.push(() => audit.close());
  const checks: ReadyCheck[] = [{ name: 'start', check: () => ({ state: 'failed', detail: 'starting' }) }];
  metrics.gauge('ready', async () => {
    const { status } = await readiness(checks, clock, readyWithinMs);
    return status === 'not ready' ? 0 : 1;
  });
  const shown: { deadLetters?: DeadLetterActions } = {};
  const strangers = seldomStrangers(audit.note, clock);
  started.push(closing(strangers));
  const noted = { audit: audit.note, strangers: strangers.note };
  const admin = await openAdmin(foundation, { checks, deadLetters: () => shown.deadLetters, ...noted });
  started.push(() => admin.close());
  return {
    audit,
    admin,
    strangers,
    refusals,
    show: (deadLetters) => void (shown.deadLetters = deadLetters),
    ready: (all) => void checks.splice(0, checks.length, ...all),
  };
}
