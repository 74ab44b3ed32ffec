/** Every key of the configuration with its form; defaults, units and reasons stand in config/default.yaml. */
import { choice, flag, integer, list, object, secret, text, type MapForm, type ValueOf } from './form.js';
import { httpRoot, limitForms, path, platform, rateForms, sha256 } from './platforms.js';
import { privacy, revoke } from './vocabularies.js';

const host = text('a host name or an IP address', '^[A-Za-z0-9._:-]+$', 255);
const port = integer(0, 65_535);
const key256 = secret(text('64 hexadecimal digits', '^[0-9a-fA-F]{64}$', 64));
const hop = 'sips?:[^\\s;@<>",]+(;transport=(udp|tcp|tls|UDP|TCP|TLS))?';
const sipHop = text('a next hop as sip:host:port;transport=udp', `^${hop}( *, *${hop}){0,7}$`);
const ioi = text('an inter-operator identifier', '^[A-Za-z0-9._~:-]+$', 255);
const userUri = text('tel, or a SIP URI with {e164} in it', '^(tel|sips?:[^\\s<>"{}]*\\{e164\\}[^\\s<>"{}]*)$');
const peer = text(
  'an IP address, a CIDR block, or the domain of a certificate',
  '^[0-9A-Za-z.:-]+(/[0-9]{1,3})?$',
  253,
);
const cidr = text('an IP address or a CIDR block', '^[0-9A-Fa-f.:]+(/[0-9]{1,3})?$', 49);
const headers: MapForm = {
  type: 'object',
  additionalProperties: text('a header value'),
  propertyNames: { pattern: "^[A-Za-z0-9.!%*_+`'~-]{1,64}$" },
};
const seconds = integer(1, 31_536_000);
const milliseconds = integer(1, 86_400_000);
const bytes = integer(256, 1_073_741_824);
/** Of all connections or transactions together. */
const largeBytes = integer(1_048_576, 68_719_476_736);
const number = integer(1, 100_000_000);
const days = integer(1, 3_650);
const backoff = object({
  baseMs: milliseconds,
  factor: { type: 'number', minimum: 1, maximum: 10 },
  maxMs: milliseconds,
  jitter: { type: 'number', minimum: 0, maximum: 1 },
});

const rest = object(
  {
    host,
    port,
    maxBodyBytes: bytes,
    maxHeaderBytes: integer(1_024, 1_048_576),
    maxConnections: number,
    maxConnectionsPerSource: number,
    maxInFlight: number,
    maxPipelined: number,
    maxTotalBufferedBytes: largeBytes,
    headersTimeoutS: seconds,
    requestTimeoutS: seconds,
    keepAliveS: seconds,
    tokenS: integer(10, 86_400),
    trustedProxies: list(cidr),
  },
  { tls: object({ cert: path, key: path }, { clientCa: path }), tokenKey: key256 },
);

const admin = object(
  {
    host,
    port,
    maxConnections: number,
    maxConnectionsPerSource: number,
    maxPipelined: number,
    maxHeaderBytes: integer(1_024, 1_048_576),
    headersTimeoutS: seconds,
    requestTimeoutS: seconds,
    keepAliveS: seconds,
  },
  { key: sha256 },
);

const audit = object({ maxBytesPerDay: largeBytes }, { path });

const route = object(
  {
    match: text('a number prefix such as +1555, or a domain', '^(\\+[0-9]{1,15}|[A-Za-z0-9][A-Za-z0-9.-]*)$'),
    nextHop: sipHop,
  },
  {
    userUri,
    pagerMaxBytes: bytes,
    headers,
    ioi,
  },
);

const sip = object(
  {
    engine: choice('embedded', 'drachtio'),
    listen: list(text('udp|tcp|tls/host:port', '^(udp|tcp|tls)/\\S+:[0-9]{1,5}$'), { minItems: 1, maxItems: 64 }),
    drachtio: object(
      {
        host,
        port,
        connectTimeoutMs: milliseconds,
        echoTimeoutMs: milliseconds,
        maxFrameBytes: bytes,
        maxInFlightBytes: bytes,
      },
      { secret: secret(text('a text')) },
    ),
    routes: list(route),
    userUri,
    pagerMaxBytes: bytes,
    messageAnswer: choice(200, 202),
    trustedPeers: list(peer),
    callTimeoutS: seconds,
    requestTimeoutS: seconds,
    answerTimeoutS: seconds,
    sessionExpiresS: integer(90, 86_400),
    minSeS: integer(90, 86_400),
    retryAfterS: seconds,
    t1Ms: integer(10, 10_000),
    t2Ms: integer(10, 60_000),
    t4Ms: integer(10, 60_000),
    dnsTimeoutMs: milliseconds,
    maxMessageBytes: bytes,
    maxHeadBytes: bytes,
    maxHeaderBytes: bytes,
    maxHeaders: integer(16, 10_000),
    maxTransactions: number,
    maxFinished: number,
    maxFinishedBytes: largeBytes,
    maxDialogs: number,
    maxUdpPeers: integer(0, 10_000),
    maxConnections: number,
    maxConnectionsPerSource: number,
    maxBufferedBytes: bytes,
    maxTotalBufferedBytes: largeBytes,
    idleConnectionS: seconds,
    messageTimeoutS: seconds,
    connectTimeoutMs: milliseconds,
    keepAliveS: integer(0, 86_400),
    keepAliveTimeoutS: seconds,
  },
  {
    advertise: host,
    nextHop: sipHop,
    ioi,
    privacyKey: key256,
    defaultCountry: text('a country calling code as +49', '^\\+[1-9][0-9]{0,2}$', 4),
    tls: object({ cert: path, key: path }, { ca: path, clientCertificates: choice('required', 'optional', 'none') }),
  },
);

const msrp = object(
  {
    host,
    port,
    maxMessageBytes: bytes,
    chunkBytes: integer(256, 2_048),
    maxConnections: number,
    maxConnectionsPerSource: number,
    maxSessions: number,
    maxHeaderBytes: bytes,
    maxHeaders: integer(16, 10_000),
    maxAssemblies: integer(1, 10_000),
    maxAssemblyBytes: largeBytes,
    maxChunksAhead: integer(1, 100_000),
    maxMessagesInHand: integer(1, 100_000),
    maxBufferedBytes: bytes,
    maxTotalBufferedBytes: largeBytes,
    maxQueuedMessages: number,
    maxQueuedBytes: bytes,
    maxUnansweredChunks: integer(1, 10_000),
    transactionTimeoutS: seconds,
    assemblyTimeoutS: seconds,
    connectTimeoutMs: milliseconds,
    bindTimeoutS: seconds,
    unboundTimeoutS: seconds,
    connectTo: list(cidr),
    offerTls: flag,
  },
  { advertise: host, trustedPeers: list(cidr), tls: object({ cert: path, key: path }) },
);

const store = object(
  {
    kind: choice('sqlite', 'redis'),
    path,
    allowVolatile: flag,
    leaseMs: integer(500, 3_600_000),
    answerTimeoutMs: integer(100, 600_000),
    maxItems: number,
    maxPending: number,
    maxPendingBytes: largeBytes,
  },
  {
    url: secret(text('a redis:// or rediss:// URL', '^rediss?://\\S+$'), 'password'),
    maxFileBytes: { type: 'integer', minimum: 1_048_576, maximum: Number.MAX_SAFE_INTEGER },
  },
);

const chat = object({
  idleTimeoutS: seconds,
  validityS: seconds,
  backoff,
  maxLanes: number,
  composingTimeoutS: seconds,
  glareSilenceS: seconds,
  lingerS: seconds,
});

const capabilities = object({
  cacheS: seconds,
  timeoutS: seconds,
  maxContacts: number,
  sourcesPerBot: integer(1, 1_000),
});

const notify = object({
  validityS: seconds,
  backoff,
  timeoutS: seconds,
  connectTimeoutMs: milliseconds,
  maxAnswerBytes: bytes,
  parallel: object({ total: number, perPlatform: number, perOrigin: number, perBot: number }),
  maxLanes: number,
  maxWaitingPerBot: number,
  itemsPerLane: integer(1, 1_000),
  maxRetryAfterS: seconds,
  maxOrigins: number,
  originIdleS: seconds,
  maxSubscriptions: number,
  maxDeadLetters: number,
  breaker: object({ failures: integer(1, 100_000), probeMs: milliseconds }),
  channels: object({
    maxPerBot: number,
    maxChannels: number,
    maxItemsPerChannel: number,
    maxNotifications: integer(1, 1_000),
    maxBytes: bytes,
    maxWaitS: seconds,
    lifetimeS: seconds,
    maxLifetimeS: seconds,
  }),
});

const retention = object({
  messageDays: days,
  inboundDays: days,
  conversationDays: days,
  deadLetterDays: days,
  auditDays: days,
  correlatorHours: integer(1, 8_760),
  privacySettingDays: days,
  spamReportDays: days,
  spamReportsPerBot: integer(1, 1_000),
});

export const configSchema = object({
  serverRoot: httpRoot,
  rest,
  admin,
  audit,
  sip,
  msrp,
  store,
  chat,
  capabilities,
  revoke,
  privacy,
  notify,
  retention,
  limits: object(limitForms, rateForms),
  overload: object({
    loopDelayMs: milliseconds,
    storeDelayMs: milliseconds,
    answerDelayMs: milliseconds,
    queueDepth: number,
    leastShare: { type: 'number', minimum: 0, maximum: 1 },
    retryAfterS: seconds,
  }),
  drain: object({ timeoutS: integer(1, 3_600) }),
  trace: object({ conversations: integer(0, 1_000_000), eventsPerConversation: integer(1, 100_000), bodies: flag }),
  log: object(
    { level: choice('debug', 'info', 'warn', 'error'), format: choice('auto', 'json', 'line'), maskNumbers: flag },
    { pseudonymKey: key256 },
  ),
  platforms: list(platform),
});

/** A configuration as written, with the defaults in, and valid by itself. */
export type WrittenConfig = ValueOf<typeof configSchema>;
export type WrittenPlatform = WrittenConfig['platforms'][number];
