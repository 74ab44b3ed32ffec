/** The fallback in memory keeps the promises of every store, but for durability. */
import { defaultLimits } from '../../lib/store/limits.js';
import { openVolatileStore } from '../../lib/store/volatile.js';
import { describeStore } from './conformance/conformance.js';
import { quietLog } from './harness.js';

describeStore('volatile', () =>
  Promise.resolve({
    open: (clock, limits = {}) =>
      Promise.resolve(
        openVolatileStore({ clock, log: quietLog, metrics: undefined, limits: { ...defaultLimits, ...limits } }),
      ),
    cleanUp: () => Promise.resolve(),
  }),
);
