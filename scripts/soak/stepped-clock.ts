/** Loaded into the gateway's process before anything else: a wall clock that is set anew, as an operator or NTP does it. Timers go on. */
import { readFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const file = process.env.SOAK_CLOCK_FILE;
if (file !== undefined && isMainThread) {
  const now = Date.now.bind(Date);
  let offsetMs = read(file);
  Date.now = () => now() + offsetMs;
  process.on('SIGUSR2', () => (offsetMs = read(file)));
}

function read(path: string): number {
  return Number(readFileSync(path, 'utf8'));
}
