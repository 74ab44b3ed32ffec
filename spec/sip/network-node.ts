/** A SipNetwork on the embedded engine and real sockets, with a clock of the spec's for its chats. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { type Clock, systemClock } from '../../lib/clock.js';
import { createMsrpEndpoint } from '../../lib/msrp/endpoint.js';
import { defaultMsrpOptions } from '../../lib/msrp/options.js';
import { createDrachtioFace } from '../../lib/sip-engine/drachtio/face.js';
import { createEngine } from '../../lib/sip-engine/engine.js';
import { createDrachtioAgent } from '../../lib/sip/drachtio/drachtio-agent.js';
import type { SipAgent } from '../../lib/sip/agent.js';
import type { NetworkHandlers } from '../../lib/sip/network.js';
import { SipNetwork } from '../../lib/sip/sip-network.js';
import { silentLog, silentMetrics } from '../support/silent.js';

export interface NetworkNode {
  readonly network: SipNetwork;
  /** Of UDP and TCP each. */
  readonly ports: { readonly udp: number; readonly tcp: number };
  close(): Promise<void>;
}

export async function startNetwork(clock: Clock, handlers: NetworkHandlers): Promise<NetworkNode> {
  const secret = 'of the spec';
  const server = createServer();
  const engine = createEngine({ listen: ['udp/127.0.0.1:0', 'tcp/127.0.0.1:0'] });
  const face = createDrachtioFace(engine, { secret, clock: systemClock, log: silentLog });
  const agent = createDrachtioAgent({ mode: { kind: 'listen', server, secret }, clock: systemClock, log: silentLog });
  const { network, msrp } = networkOn(agent, clock, () => `127.0.0.1:${port('udp')}`);
  const port = (protocol: string): number =>
    engine.listening.find((address) => address.protocol === protocol)?.port ?? 0;
  await msrp.start();
  await face.start();
  await Promise.all([network.start(handlers), face.connect({ server })]);
  return {
    network,
    ports: { udp: port('udp'), tcp: port('tcp') },
    async close() {
      await network.close();
      await face.close();
      await msrp.close();
    },
  };
}

/** A SipNetwork above whatever agent; neither is started. */
export function networkOn(
  agent: SipAgent,
  clock: Clock,
  contactHost: () => string,
): { readonly network: SipNetwork; readonly msrp: ReturnType<typeof createMsrpEndpoint> } {
  const real = { clock: systemClock, metrics: silentMetrics, log: silentLog };
  const msrp = createMsrpEndpoint({ ...defaultMsrpOptions, port: 0 }, { ...real, randomId: randomUUID });
  const network = new SipNetwork({
    ...{ agent, msrp, clock, log: silentLog, metrics: silentMetrics, templates: templates() },
    contactHost,
    userOptions: {},
    disguise: (_bot, user) => user,
    fingerprints: () => [],
    offerTls: false,
    pagerMaxBytes: () => 1300,
    ...{ messageAnswer: 200, sessionExpiresS: 1800, minSeS: 90, maxMessageBytes: 1_048_576 },
  });
  return { network, msrp };
}

function templates(): ConstructorParameters<typeof SipNetwork>[0]['templates'] {
  const read = (name: string): string =>
    readFileSync(new URL(`../../../sdp-templates/${name}.sdp`, import.meta.url), 'utf8');
  return {
    sessionOffer: read('chatbot-session-offer'),
    sessionAnswer: read('chatbot-session-answer'),
    largeMessageOffer: read('large-message-offer'),
  };
}
