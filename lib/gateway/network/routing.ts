/** The routes of the configuration, the watch over their next hops, and the SIP agent that follows them. */
import type { Clock } from '../../clock.js';
import type { Config } from '../../config.js';
import type { Logger } from '../../log.js';
import type { MetricsRegistry } from '../../metrics.js';
import type { CheckResult } from '../../rest/admin/readiness.js';
import type { SipAgent } from '../../sip/agent.js';
import { NextHops } from '../../sip/routing/next-hops.js';
import { routeBytes, routedAgent } from '../../sip/routing/routed-agent.js';
import { type Route, type Routes, routesOf } from '../../sip/routing/routes.js';

export interface Routing {
  readonly agent: SipAgent;
  readonly routes: Routes;
  /** What a MESSAGE to this user may have, before the headers of its route and a long name of ours. */
  pagerMaxBytes(userUri: string): number;
  /** Begins to ask the next hops. */
  start(): void;
  close(): void;
  check(): CheckResult;
}

export interface RoutingDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: MetricsRegistry;
}

export function createRouting({ sip }: Config, agent: SipAgent, deps: RoutingDeps): Routing {
  const others: Route = {
    nextHops: hopsOf(sip.nextHop),
    userUri: sip.userUri,
    pagerMaxBytes: sip.pagerMaxBytes,
    headers: [],
    ioi: sip.ioi,
  };
  const routes = routesOf(
    sip.routes.map(({ match, nextHop, headers, ...route }) => ({
      ...others,
      ...route,
      match,
      nextHops: hopsOf(nextHop),
      headers: Object.entries(headers ?? {}),
    })),
    others,
    sip.defaultCountry === undefined ? {} : { defaultCountry: sip.defaultCountry },
  );
  const hops = new NextHops({
    ...deps,
    hops: routes.nextHops,
    probe: (hop, signal) =>
      agent.request({ method: 'OPTIONS', uri: hop, headers: [['Accept', 'application/sdp']], nextHop: hop }, signal),
    intervalMs: sip.keepAliveS * 1000,
    timeoutMs: sip.keepAliveTimeoutS * 1000,
  });
  for (const hop of routes.nextHops) {
    deps.metrics.gauge('sip_next_hop_up', () => (isUp(hops, hop) ? 1 : 0), { hop });
  }
  return {
    agent: routedAgent({ ...deps, agent, routes, hops }),
    routes,
    pagerMaxBytes: (userUri) => {
      const route = routes.of(userUri);
      return route.pagerMaxBytes - routeBytes(route) - nameBytes(sip);
    },
    start: () => hops.start(),
    close: () => hops.close(),
    check: () => checkOf(hops),
  };
}

/** Of an IPv6 address: so long a host of ours is counted with by who counts a MESSAGE. */
const maxAddressLength = 39;

/** What the name that Via calls us takes beyond it. */
function nameBytes({ advertise = '' }: Config['sip']): number {
  return Math.max(0, advertise.length - maxAddressLength);
}

/** `a, b`: b where a does not answer. */
function hopsOf(nextHop: string | undefined): readonly string[] {
  return nextHop === undefined ? [] : nextHop.split(',').map((hop) => hop.trim());
}

function isUp(hops: NextHops, hop: string): boolean {
  return hops.states().some((state) => state.hop === hop && state.up);
}

/** Messages wait in the store where no hop answers: the gateway is still of use, and says so. */
function checkOf(hops: NextHops): CheckResult {
  const down = hops.states().filter(({ up }) => !up);
  if (down.length === 0) return { state: 'ok' };
  return { state: 'degraded', detail: `down: ${down.map(({ hop }) => hop).join(', ')}` };
}
