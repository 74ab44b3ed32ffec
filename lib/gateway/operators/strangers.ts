/** Requests to the admin port by who may not: the first of each minute are noted one by one, the rest as a number. */
import type { Clock } from '../../clock.js';
import type { Audit, AuditEntry } from '../../log/audit.js';
import { tellSeldom, type Told } from '../../log/seldom.js';

export interface Strangers {
  readonly note: Audit;
  /** Tells what was not told yet; idempotent. */
  close(): void;
}

/** Of each kind, without a credential and with a wrong one: with room for what an operator mistypes. */
const singlyPerMinute = 10;
const minuteMs = 60_000;

interface Minute {
  readonly sinceMs: number;
  count: number;
}

/** Nobody who has no credential fills the audit log, or pushes out of it what the others did. */
export function seldomStrangers(audit: Audit, clock: Clock): Strangers {
  const minutes = new Map<string, Minute>();
  const further = tellSeldom(clock, (credential, told) => audit(summed(credential, told)));
  return {
    note(entry) {
      const credential = String(entry.details?.['credential']);
      if (isSingle(minutes, credential, clock.now())) audit(entry);
      else further.note(credential, 1, entry.actor);
    },
    close: () => further.close(),
  };
}

function isSingle(minutes: Map<string, Minute>, credential: string, nowMs: number): boolean {
  const last = minutes.get(credential);
  // A clock that was set back begins a new minute.
  const isOver = last === undefined || Math.abs(nowMs - last.sinceMs) >= minuteMs;
  const minute = isOver ? { sinceMs: nowMs, count: 0 } : last;
  minutes.set(credential, minute);
  minute.count++;
  return minute.count <= singlyPerMinute;
}

function summed(credential: string, { who = 'unknown', ...told }: Told): AuditEntry {
  return { actor: who, action: 'further requests', result: '401', details: { credential, ...told } };
}
