/** The endpoint alone behind a load tool: sessions with the ids that it counts on, every message accepted. usage: node msrp-echo.js PORT [sessions] */
import { randomBytes } from 'node:crypto';
import { systemClock } from '../../lib/clock.js';
import { createMsrpEndpoint } from '../../lib/msrp/endpoint.js';
import { defaultMsrpOptions } from '../../lib/msrp/options.js';

const [port = '2857', sessions = '100'] = process.argv.slice(2);
const quiet = (): void => undefined;
let fixed = 0;
let wantsSessionId = true;

const endpoint = createMsrpEndpoint(
  { ...defaultMsrpOptions, port: Number(port), maxConnectionsPerSource: 10_000 },
  {
    clock: systemClock,
    metrics: { count: quiet, observe: quiet },
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    // The tool speaks to fixed0, fixed1, …; the second id of a session is the prefix of its transactions.
    randomId: () => {
      const id = wantsSessionId ? `fixed${fixed++}` : randomBytes(16).toString('hex');
      wantsSessionId = !wantsSessionId;
      return id;
    },
  },
);

function open(): void {
  endpoint.createSession({
    acceptTypes: ['message/cpim'],
    delegate: { onMessage: () => Promise.resolve(undefined), onClosed: quiet },
  });
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(0));
await endpoint.start();
for (let n = 0; n < Number(sessions); n++) open();
console.log(`msrp echo on ${endpoint.port}`);
