/** The network's side: MSRP, the SIP engine and its routes, and what the interpreter sees of them. */
import type { ChatbotDirectory } from '../../iwf/actions.js';
import type { MsrpEndpoint } from '../../msrp/api.js';
import { SipNetwork, type SipNetworkOptions } from '../../sip/sip-network.js';
import { type Foundation, closing } from '../foundation.js';
import type { Crowd } from '../load/crowd.js';
import type { StoreWait } from '../load/store-wait.js';
import { disguiseOf } from '../platforms/disguise.js';
import { contactHost } from './contact-host.js';
import { openMsrp } from './msrp.js';
import { createRouting, type Routing } from './routing.js';
import { createSipSide, type SipSide } from './sip.js';
import type { SipTemplates } from './templates.js';

export interface NetworkSide {
  readonly msrp: MsrpEndpoint;
  readonly sip: SipSide;
  readonly routing: Routing;
  readonly network: SipNetwork;
}

interface Around {
  readonly directory: ChatbotDirectory;
  readonly crowd: Crowd;
  readonly wait: StoreWait;
  readonly templates: SipTemplates;
}

/** MSRP listens, SIP does not yet. Rejects with the system's error where the port of MSRP is taken. */
export async function openNetworkSide(
  foundation: Foundation,
  { directory, crowd, wait, templates }: Around,
): Promise<NetworkSide> {
  const { config, clock, log, metrics, trace, started } = foundation;
  const { load, turns, origins } = crowd;
  const msrp = await openMsrp(foundation);
  const sip = createSipSide(config, {
    ...{ clock, log, metrics, trace, load },
    turn: (uri, laterMs) => turns.wait(origins.ofUser(uri), laterMs),
  });
  started.push(() => sip.close());
  const routing = createRouting(config, sip.agent, { clock, log, metrics });
  started.push(closing(routing));
  const network = new SipNetwork({
    agent: routing.agent,
    msrp,
    clock,
    log,
    metrics,
    templates,
    fingerprints: () => msrp.fingerprints,
    contactHost: () => contactHost(config, sip),
    disguise: disguiseOf(config, directory),
    pagerMaxBytes: (userUri) => routing.pagerMaxBytes(userUri),
    late: (onLate) => wait.watch('sip', onLate),
    ...sipLimits(config),
  });
  return { msrp, sip, routing, network };
}

function sipLimits({ sip, msrp }: Foundation['config']) {
  return {
    offerTls: msrp.offerTls,
    userOptions: sip.defaultCountry === undefined ? {} : { defaultCountry: sip.defaultCountry },
    messageAnswer: sip.messageAnswer,
    sessionExpiresS: sip.sessionExpiresS,
    minSeS: sip.minSeS,
    maxMessageBytes: msrp.maxMessageBytes,
    retryAfterS: sip.retryAfterS,
  } satisfies Partial<SipNetworkOptions>;
}
