/** How a gateway stops: one part after another, each with its share of the time, so that all of it is over in time. */
import type { Logger } from '../log.js';

export interface StopStep {
  readonly name: string;
  /** Part of the whole time, from the beginning on, after which nobody waits for this step any more. */
  readonly until: number;
  /** Told how long it is waited for. */
  readonly run: (leftMs: number) => Promise<unknown>;
}

/** Resolves in time, whatever hangs or fails: the log names it, and what it holds is in the store. */
export async function stopInTime(steps: readonly StopStep[], timeoutMs: number, log: Logger): Promise<void> {
  const startedMs = performance.now();
  for (const { name, until, run } of steps) {
    const leftMs = Math.max(0, until * timeoutMs - (performance.now() - startedMs));
    try {
      const isDone = await within(leftMs, run(leftMs));
      if (!isDone) log.warn('not stopped in time', { part: name });
    } catch (error) {
      log.warn('not stopped', { part: name, problem: error instanceof Error ? error.message : String(error) });
    }
  }
}

/** False: late. Rejects as `work` does, where that is in time. */
async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), ms)));
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
