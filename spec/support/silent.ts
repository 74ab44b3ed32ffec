/** Logs and metrics that keep quiet, for specs that do not ask about them. */
import type { Logger } from '../../lib/log.js';
import type { Metrics } from '../../lib/metrics.js';

const nothing = (): void => undefined;

export const silentLog: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };

export const silentMetrics: Metrics = { count: nothing, observe: nothing };
