/** Loaded into the gateway's process with --expose-gc: garbage is collected when it is asked for, so that readings compare. */
import { isMainThread } from 'node:worker_threads';

if (isMainThread) process.on('SIGUSR2', () => globalThis.gc?.());
