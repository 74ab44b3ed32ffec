/** Requests to the admin port by who may not: the first of each minute are noted one by one, the rest as a number. */
import type { Clock } from '../../clock.js';
import type { Audit, AuditEntry } from '../../log/audit.js';
import { singlyAtFirst, tellSeldom, type Told } from '../../log/seldom.js';

export interface Strangers {
  readonly note: Audit;
  /** Tells what was not told yet; idempotent. */
  close(): void;
}

/** Nobody who has no credential fills the audit log, or pushes out of it what the others did. */
export function seldomStrangers(audit: Audit, clock: Clock): Strangers {
  const isSingle = singlyAtFirst(clock);
  const further = tellSeldom(clock, (credential, told) => audit(summed(credential, told)));
  return {
    note(entry) {
      const credential = String(entry.details?.['credential']);
      if (isSingle(credential)) audit(entry);
      else further.note(credential, 1, entry.actor);
    },
    close: () => further.close(),
  };
}

function summed(credential: string, { who = 'unknown', ...told }: Told): AuditEntry {
  return { actor: who, action: 'further requests', result: '401', details: { credential, ...told } };
}
