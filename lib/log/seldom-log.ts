/** Warnings that a peer brings about as often as it likes: the first of each minute are lines of their own, the rest are one. */
import type { Clock } from '../clock.js';
import type { Logger } from '../log.js';
import { singlyAtFirst, tellSeldom } from './seldom.js';

export interface SeldomLog extends Logger {
  /** Tells what was not told yet; idempotent. */
  close(): void;
}

/** `events` are the warnings; of one that is not told singly the address of its `peer` is kept. */
export function seldomLog(log: Logger, clock: Clock, events: ReadonlySet<string>): SeldomLog {
  const isSingle = singlyAtFirst(clock);
  const further = tellSeldom(clock, (event, told) => log.warn(event, { ...told }));
  return {
    debug: (event, fields) => log.debug(event, fields),
    info: (event, fields) => log.info(event, fields),
    error: (event, fields) => log.error(event, fields),
    warn(event, fields) {
      if (!events.has(event) || isSingle(event)) log.warn(event, fields);
      else further.note(event, 1, addressOf(fields?.['peer']));
    },
    close: () => further.close(),
  };
}

/** Of a peer with its port. */
function addressOf(peer: unknown): string | undefined {
  return typeof peer === 'string' ? peer.replace(/:\d+$/, '') : undefined;
}
