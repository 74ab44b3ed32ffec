/** The configuration of the gateway under attack. */
import { createHash } from 'node:crypto';
import type { Ports } from '../../crash/gateway.js';
import { type CalleePorts, issuers, numberPrefixes } from './callees.js';
import { adminKey, bots, calledDomain, honestKey, issuerName, key } from './names.js';

export interface WorldPorts extends Ports {
  /** Only where there is `tls`. */
  readonly sipTls: number;
}

export interface Surroundings {
  readonly nextHop: string;
  readonly store: string;
  readonly callees: CalleePorts;
  /** Files: then SIP has a port under TLS as well, MSRP may have it, and REST has nothing else. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
}

/** What ends by time ends in seconds; what is remembered is little, so that growth shows; nothing is refused for being much. */
export function configOf(ports: WorldPorts, { nextHop, store, callees, tls }: Surroundings): unknown {
  const again = { baseMs: 50, factor: 2, maxMs: 500, jitter: 0 };
  const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
  return {
    serverRoot: `http://127.0.0.1:${ports.rest}`,
    rest: { port: ports.rest, headersTimeoutS: 1, requestTimeoutS: 2, keepAliveS: 1, ...(tls && { tls }) },
    admin: {
      port: ports.admin,
      key: sha256(adminKey),
      maxConnections: 1000,
      headersTimeoutS: 1,
      requestTimeoutS: 2,
      keepAliveS: 1,
    },
    sip: {
      listen: [
        `udp/127.0.0.1:${ports.sip}`,
        `tcp/127.0.0.1:${ports.sip}`,
        ...(tls ? [`tls/127.0.0.1:${ports.sipTls}`] : []),
      ],
      ...(tls && { tls: { ...tls, clientCertificates: 'none' } }),
      nextHop,
      routes: [
        { match: numberPrefixes['hop-tcp'], nextHop: `sip:127.0.0.1:${callees.hopTcp};transport=tcp` },
        { match: numberPrefixes['hop-udp'], nextHop: `sip:127.0.0.1:${callees.hopUdp};transport=udp` },
      ],
      keepAliveS: 0,
      callTimeoutS: 2,
      requestTimeoutS: 2,
      answerTimeoutS: 2,
      t1Ms: 40,
      t2Ms: 100,
      t4Ms: 100,
      idleConnectionS: 2,
      messageTimeoutS: 1,
      connectTimeoutMs: 500,
      dnsTimeoutMs: 200,
    },
    msrp: {
      port: ports.msrp,
      ...(tls && { tls }),
      transactionTimeoutS: 1,
      assemblyTimeoutS: 1,
      bindTimeoutS: 1,
      unboundTimeoutS: 1,
      connectTimeoutMs: 500,
    },
    store: { path: store },
    chat: { idleTimeoutS: 1, validityS: 2, backoff: again, composingTimeoutS: 1, glareSilenceS: 1, lingerS: 1 },
    capabilities: { cacheS: 1, timeoutS: 1, maxContacts: 100 },
    revoke: { deadlineS: 1 },
    privacy: { deadlineS: 1 },
    notify: {
      validityS: 2,
      timeoutS: 1,
      connectTimeoutMs: 500,
      backoff: again,
      maxDeadLetters: 100,
      originIdleS: 1,
      maxOrigins: 10,
      channels: { maxPerBot: 10, maxItemsPerChannel: 10, maxWaitS: 1, lifetimeS: 2, maxLifetimeS: 2 },
    },
    limits: { contactsPerHour: 1_000_000, subscriptionsPerBot: 5 },
    overload: { leastShare: 1 },
    trace: { conversations: 20, eventsPerConversation: 20, bodies: true },
    log: { level: 'warn', format: 'json' },
    platforms: [
      {
        id: 'fuzz',
        keys: [sha256(key)],
        chatbots: [
          { uri: bots.session, mode: 'session' },
          { uri: bots.standalone, mode: 'standalone' },
          { uri: bots.confirmed },
        ],
        domains: [calledDomain],
        notify: { allow: ['127.0.0.1'] },
      },
      { id: 'honest', keys: [sha256(honestKey)], chatbots: [{ uri: bots.honest }], notify: { allow: ['127.0.0.1'] } },
      ...Array.from({ length: issuers }, (_, at) => ({
        id: `issued-${at}`,
        jwt: { issuer: issuerName(at), jwksUrl: `http://127.0.0.1:${callees.http}/issuer/${at}` },
        chatbots: [{ uri: `sip:issued-${at}@fuzz.example.net` }],
      })),
    ],
  };
}
