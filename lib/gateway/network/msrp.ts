/** The MSRP endpoint, by configuration. */
import type { MsrpEndpoint } from '../../msrp/api.js';
import { createMsrpEndpoint } from '../../msrp/endpoint.js';
import type { Foundation } from '../foundation.js';
import { randomId } from '../random-id.js';
import { msrpOptions } from '../settings.js';
import { msrpTls } from '../tls-material.js';
import { msrpReach } from './reach.js';
import { trustedBy } from './trusted-peers.js';

/** Rejects with the system's error where its port is taken. */
export async function openMsrp({ config, clock, log, metrics, trace, started }: Foundation): Promise<MsrpEndpoint> {
  const tls = msrpTls(config);
  const msrp = createMsrpEndpoint(msrpOptions(config), {
    clock,
    metrics,
    log,
    randomId,
    admit: trustedBy(config.msrp.trustedPeers),
    reach: msrpReach(config.msrp),
    ...(tls && { tls }),
    ...(trace && { trace: (event) => trace.event(event) }),
  });
  await msrp.start();
  started.push(() => msrp.close());
  return msrp;
}
