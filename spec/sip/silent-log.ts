/** A log for who is not asked about it. */
import type { Logger } from '../../lib/log.js';

const nothing = (): void => undefined;

export const silentLog: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
