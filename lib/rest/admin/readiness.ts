/** Ready or not: named checks, asked at once, each with a limited time to answer. */
import type { Clock } from '../../clock.js';

export interface CheckResult {
  /** degraded: it works, but without a promise (a store that forgets at exit). */
  readonly state: 'ok' | 'degraded' | 'failed';
  readonly detail?: string;
}

/** One part that must work before traffic may come. */
export interface ReadyCheck {
  readonly name: string;
  /** Throwing or rejecting is failing, and so is taking more than two seconds, where nobody waits less. */
  check(): CheckResult | Promise<CheckResult>;
}

export interface Readiness {
  readonly status: 'ready' | 'degraded' | 'not ready';
  readonly checks: readonly ({ readonly name: string } & CheckResult)[];
}

const checkTimeoutMs = 2_000;

export async function readiness(
  checks: readonly ReadyCheck[],
  clock: Clock,
  withinMs = checkTimeoutMs,
): Promise<Readiness> {
  const results = await Promise.all(
    checks.map(async (check) => ({ name: check.name, ...(await inTime(check, clock, withinMs)) })),
  );
  const states = results.map(({ state }) => state);
  const status = states.includes('failed') ? 'not ready' : states.includes('degraded') ? 'degraded' : 'ready';
  return { status, checks: results };
}

function inTime(check: ReadyCheck, clock: Clock, withinMs: number): Promise<CheckResult> {
  return new Promise((resolve) => {
    const settle = (result: CheckResult): void => {
      timer.close();
      resolve(result);
    };
    const fail = (error: unknown): void =>
      settle({ state: 'failed', detail: error instanceof Error ? error.message : String(error) });
    const timer = clock.after(withinMs, () => settle({ state: 'failed', detail: 'no answer in time' }));
    started(check).then(settle, fail);
  });
}

/** A check that throws at once rejects as well. */
async function started(check: ReadyCheck): Promise<CheckResult> {
  return await check.check();
}
