/** Processes that end with the one that started them, also when that is told to end: one that lived on would keep its ports and its load. */
import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';

const children = new Set<ChildProcess>();
let isWatched = false;

export function endsWithUs(child: ChildProcess): void {
  watch();
  children.add(child);
  child.once('exit', () => children.delete(child));
}

/** SIGINT comes from a terminal, which sends it to all of them; SIGKILL and a crash of Node leave us no time. */
function watch(): void {
  if (isWatched) return;
  isWatched = true;
  process.once('exit', () => {
    for (const child of children) child.kill('SIGKILL');
  });
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => process.exit(128 + constants.signals[signal]));
  }
}
