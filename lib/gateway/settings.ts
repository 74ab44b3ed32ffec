/** The configuration in the terms of each part: seconds and days become milliseconds, shared limits find their places. */
import type { Config } from '../config.js';
import type { InterpreterLimits } from '../iwf/interpreter.js';
import type { ServiceLimits } from '../iwf/services/services.js';
import { defaultMsrpOptions, type MsrpOptions } from '../msrp/options.js';
import { notifyDefaults, type NotifyOptions } from '../notify/options.js';
import type { RestLimits } from '../rest/deps.js';
import type { EngineOptions } from '../sip-engine/options.js';
import type { StoreLimits } from '../store/limits.js';

const secondMs = 1000;
const hourMs = 3_600_000;
const dayMs = 86_400_000;

export function msrpOptions({ msrp, trace }: Config): MsrpOptions {
  return {
    ...defaultMsrpOptions,
    ...msrp,
    advertise: [msrp.advertise],
    transactionTimeoutMs: msrp.transactionTimeoutS * secondMs,
    assemblyTimeoutMs: msrp.assemblyTimeoutS * secondMs,
    bindTimeoutMs: msrp.bindTimeoutS * secondMs,
    unboundTimeoutMs: msrp.unboundTimeoutS * secondMs,
    traceContent: trace.bodies,
  };
}

export function notifyOptions({ notify, retention }: Config): Partial<NotifyOptions> {
  return {
    ...notify,
    validityMs: notify.validityS * secondMs,
    timeoutMs: notify.timeoutS * secondMs,
    maxResponseBytes: notify.maxAnswerBytes,
    maxWaiting: notify.maxLanes,
    maxRetryAfterMs: notify.maxRetryAfterS * secondMs,
    originIdleMs: notify.originIdleS * secondMs,
    deadLetterTtlMs: retention.deadLetterDays * dayMs,
    correlatorTtlMs: retention.correlatorHours * hourMs,
    channels: { ...notifyDefaults.channels, ...notify.channels, maxWaitMs: notify.channels.maxWaitS * secondMs },
  };
}

export function restLimits({ rest, msrp, limits }: Config): RestLimits {
  return {
    ...rest,
    maxMessageBytes: msrp.maxMessageBytes,
    headersTimeoutMs: rest.headersTimeoutS * secondMs,
    requestTimeoutMs: rest.requestTimeoutS * secondMs,
    keepAliveTimeoutMs: rest.keepAliveS * secondMs,
    contactsPerHour: limits.contactsPerHour,
  };
}

export function interpreterLimits({
  chat,
  sip,
  retention,
  capabilities,
  msrp,
  limits,
  store,
}: Config): InterpreterLimits {
  return {
    idleTimeoutMs: chat.idleTimeoutS * secondMs,
    composingTimeoutMs: chat.composingTimeoutS * secondMs,
    glareSilenceMs: chat.glareSilenceS * secondMs,
    lingerMs: chat.lingerS * secondMs,
    // The engine answers 480 by itself after the whole of it.
    invitationMs: sip.answerTimeoutS * secondMs * 0.9,
    validityMs: chat.validityS * secondMs,
    retentionMs: retention.messageDays * dayMs,
    dedupeMs: retention.inboundDays * dayMs,
    conversationMs: retention.conversationDays * dayMs,
    correlatorMs: retention.correlatorHours * hourMs,
    capabilityCacheMs: capabilities.cacheS * secondMs,
    capabilityTimeoutMs: capabilities.timeoutS * secondMs,
    cacheEntries: capabilities.maxContacts,
    maxMessageBytes: msrp.maxMessageBytes,
    maxLaneDepth: limits.laneLength,
    maxQueueDepth: store.maxItems,
    maxSessions: msrp.maxSessions,
    maxSessionsPerBot: limits.sessionsPerBot,
    maxSessionsPerUser: limits.sessionsPerUser,
    retryAfterS: sip.retryAfterS,
    maxLanes: chat.maxLanes,
    leaseMs: store.leaseMs,
  };
}

export function serviceLimits({ retention, capabilities, revoke, privacy, chat }: Config): ServiceLimits {
  return {
    validityMs: chat.validityS * secondMs,
    sources: {
      maxPerBot: capabilities.sourcesPerBot,
      correlatorMs: retention.correlatorHours * hourMs,
    },
    revoke: {
      vocabulary: { ...revoke.vocabulary, success: words(revoke.vocabulary.success) },
      deadlineMs: revoke.deadlineS * secondMs,
      retentionMs: retention.messageDays * dayMs,
    },
    privacy: {
      vocabulary: { ...privacy.vocabulary, success: words(privacy.vocabulary.success) },
      deadlineMs: privacy.deadlineS * secondMs,
      validityMs: chat.validityS * secondMs,
      retentionMs: retention.inboundDays * dayMs,
      settingMs: retention.privacySettingDays * dayMs,
    },
    spamReportMs: retention.spamReportDays * dayMs,
    spamReportsPerBot: retention.spamReportsPerBot,
  };
}

/** The schema has seen that there is one. */
function words([first = '', ...others]: readonly string[]): readonly [string, ...string[]] {
  return [first, ...others];
}

/** Case counts (RFC 3261 §19.1.4). */
function userPart(uri: string): string {
  return uri.slice(uri.indexOf(':') + 1, uri.lastIndexOf('@'));
}

export function engineOptions({ sip, msrp, platforms }: Config): EngineOptions {
  const bots = new Set(platforms.flatMap(({ chatbots }) => chatbots.map(({ uri }) => userPart(uri))));
  return {
    listen: sip.listen.map(
      ({ protocol, host, port }) => `${protocol}/${host.includes(':') ? `[${host}]` : host}:${port}`,
    ),
    ...(sip.advertise === undefined ? {} : { advertise: sip.advertise }),
    localHosts: [sip.advertise ?? msrp.advertise],
    nobody: (user) => !bots.has(user),
    minSeS: sip.minSeS,
    retryAfterS: sip.retryAfterS,
    timers: { t1Ms: sip.t1Ms, t2Ms: sip.t2Ms, t4Ms: sip.t4Ms, answerMs: sip.answerTimeoutS * secondMs },
    limits: {
      maxMessageBytes: sip.maxMessageBytes,
      maxHeadBytes: sip.maxHeadBytes,
      maxHeaderBytes: sip.maxHeaderBytes,
      maxHeaders: sip.maxHeaders,
      maxTransactions: sip.maxTransactions,
      maxDialogs: sip.maxDialogs,
      maxFinished: sip.maxFinished,
      maxFinishedBytes: sip.maxFinishedBytes,
      maxUdpPeers: sip.maxUdpPeers,
      maxConnections: sip.maxConnections,
      maxConnectionsPerSource: sip.maxConnectionsPerSource,
      maxBufferedBytes: sip.maxBufferedBytes,
      maxTotalBufferedBytes: sip.maxTotalBufferedBytes,
      idleMs: sip.idleConnectionS * secondMs,
      messageMs: sip.messageTimeoutS * secondMs,
      connectMs: sip.connectTimeoutMs,
      dnsMs: sip.dnsTimeoutMs,
    },
  };
}

export function storeLimits({ store }: Config): Partial<StoreLimits> {
  const { maxItems, maxPending, maxPendingBytes: maxPendingLength, maxFileBytes } = store;
  return { maxItems, maxPending, maxPendingLength, ...(maxFileBytes === undefined ? {} : { maxFileBytes }) };
}
