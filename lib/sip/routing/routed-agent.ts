/** SipAgent with routes: each request takes its route's way, headers and charging vector, and the next hop where one fails. */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../clock.js';
import type { Logger } from '../../log.js';
import { type ChargingVector, parseChargingVector, printChargingVector } from '../../wire/charging-vector.js';
import { DecodeError } from '../../wire/decode-error.js';
import type {
  Answer,
  Dialed,
  HeaderLine,
  InboundInvite,
  InboundRequest,
  RequestDraft,
  SipAgent,
  SipHandlers,
  SipRequest,
  SipResponse,
} from '../agent.js';
import { hopFailed, type NextHops } from './next-hops.js';
import type { Route, Routes } from './routes.js';

export interface RoutedAgentOptions {
  readonly agent: SipAgent;
  readonly routes: Routes;
  readonly hops: NextHops;
  readonly clock: Clock;
  readonly log: Logger;
}

const header = 'P-Charging-Vector';

export function routedAgent(options: RoutedAgentOptions): SipAgent {
  const { agent } = options;
  return {
    get ready() {
      return agent.ready;
    },
    get listening() {
      return agent.listening;
    },
    start: (handlers) => agent.start(echoing(options, handlers)),
    request: (draft, signal) => send(options, draft, signal, (routed) => agent.request(routed, signal), itself),
    invite: (draft, delegate, signal) =>
      send(options, draft, signal, (routed) => agent.invite(routed, delegate, signal), responseOfDialed),
    close: () => agent.close(),
  };
}

/** What a request carries on its route, in bytes: counted before it is known whether a message fits into one. */
export function routeBytes({ headers, ioi }: Route): number {
  return [...headers, ...chargingLines(newVector(ioi))].reduce(
    (bytes, [name, value]) => bytes + Buffer.byteLength(name) + Buffer.byteLength(value) + 4,
    0,
  );
}

async function send<T>(
  { routes, hops, clock, log }: RoutedAgentOptions,
  draft: RequestDraft,
  signal: AbortSignal | undefined,
  attempt: (routed: RequestDraft) => Promise<T>,
  responseOf: (result: T) => SipResponse,
): Promise<T> {
  const route = routes.of(draft.uri);
  const vector = newVector(route.ioi);
  const headers = [...draft.headers, ...route.headers, ...chargingLines(vector)];
  const startedMs = clock.now();
  const ways: readonly (string | undefined)[] = route.nextHops.length > 0 ? hops.order(route.nextHops) : [undefined];
  for (const [at, hop] of ways.entries()) {
    const result = await attempt({ ...draft, headers, ...(hop === undefined ? {} : { nextHop: hop }) });
    const response = responseOf(result);
    if (hop !== undefined && !signal?.aborted) hops.note(hop, response);
    log.info('sip request sent', {
      method: draft.method,
      status: response.status,
      callId: response.headers.get('Call-ID'),
      conversationId: valueOf(draft.headers, 'Conversation-ID'),
      nextHop: hop,
      ...recordOf(vector, response),
      ms: clock.now() - startedMs,
    });
    if (at === ways.length - 1 || signal?.aborted || !hopFailed(response)) return result;
  }
  throw new TypeError('a route without a way');
}

function itself(response: SipResponse): SipResponse {
  return response;
}

function responseOfDialed({ response }: Dialed): SipResponse {
  return response;
}

/** Only between operators that have agreed on their identifiers. */
function newVector(ioi: string | undefined): ChargingVector | undefined {
  return ioi === undefined ? undefined : { icid: randomUUID(), origIoi: ioi, termIoi: undefined, others: [] };
}

function chargingLines(vector: ChargingVector | undefined): readonly HeaderLine[] {
  return vector ? [[header, printChargingVector(vector)]] : [];
}

function recordOf(vector: ChargingVector | undefined, response: SipResponse): Readonly<Record<string, unknown>> {
  if (!vector) return {};
  return { icid: vector.icid, origIoi: vector.origIoi, termIoi: readVector(response.headers.get(header))?.termIoi };
}

/** Requests of the network are answered with their own icid and orig-ioi, and our term-ioi (RFC 7315 §4.6.3). */
function echoing(options: RoutedAgentOptions, handlers: SipHandlers): SipHandlers {
  return {
    onInvite: (invite) => handlers.onInvite(echoingInvite(options, invite)),
    onMessage: (request) => handlers.onMessage(echoingRequest(options, request)),
    onOptions: (request) => handlers.onOptions(echoingRequest(options, request)),
  };
}

function echoingRequest(options: RoutedAgentOptions, request: InboundRequest): InboundRequest {
  const echo = echoOf(options, request);
  return echo ? { ...request, answer: (answer) => request.answer(echo(answer)) } : request;
}

function echoingInvite(options: RoutedAgentOptions, invite: InboundInvite): InboundInvite {
  const echo = echoOf(options, invite);
  if (!echo) return invite;
  return {
    ...invite,
    get onCancel() {
      return invite.onCancel;
    },
    set onCancel(listener) {
      invite.onCancel = listener;
    },
    answer: (answer) => invite.answer(echo(answer)),
    accept: (answer, delegate) => invite.accept(echo(answer), delegate),
  };
}

/** undefined: the request came without a charging vector that can be read. */
function echoOf({ routes, log }: RoutedAgentOptions, request: SipRequest): ((answer: Answer) => Answer) | undefined {
  const vector = readVector(request.headers.get(header));
  if (!vector) return undefined;
  const termIoi = routes.of(senderOf(request)).ioi;
  const lines = chargingLines({ ...vector, termIoi });
  return (answer) => {
    log.info('sip request answered', {
      method: request.method,
      status: answer.status,
      callId: request.callId,
      conversationId: request.headers.get('Conversation-ID'),
      icid: vector.icid,
      origIoi: vector.origIoi,
      termIoi,
    });
    return { ...answer, headers: [...(answer.headers ?? []), ...lines] };
  };
}

function senderOf({ headers }: SipRequest): string {
  const value = headers.get('P-Asserted-Identity') ?? headers.get('From') ?? '';
  return /<([^<>]+)>/.exec(value)?.[1] ?? value;
}

function readVector(value: string | undefined): ChargingVector | undefined {
  if (value === undefined) return undefined;
  try {
    return parseChargingVector(value);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

function valueOf(headers: readonly HeaderLine[], name: string): string | undefined {
  return headers.find(([one]) => one === name)?.[1];
}
