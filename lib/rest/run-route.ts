/** What every request goes through, whichever way it was routed: credential, chatbot, handler, answer, and what is counted of it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Platform } from '../iwf/actions.js';
import { ApiError } from '../resources/api-error.js';
import { RequestRate } from './access/request-rate.js';
import { scopeOfPath } from './access/scopes.js';
import { acceptedFormat } from './accept.js';
import { type Answer, errorAnswer, insufficientScope, unauthorized, type Written, writeAnswer } from './answer.js';
import { type Body, type Format, readBody } from './body.js';
import { BodyBudget } from './body-budget.js';
import { type ChatbotFor, chatbotFinder } from './chatbot-of.js';
import type { RestDeps } from './deps.js';
import type { Route, Variables } from './route.js';
import { traceExchange } from './trace-exchange.js';

export interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Decoded. */
  readonly variables: Variables;
}

export type RunRoute = (route: Route, call: Call) => Promise<void>;

export function routeRunner(deps: RestDeps): RunRoute {
  const rate = new RequestRate(deps, (platformId) => deps.policy?.(platformId)?.requestsPerS);
  const chatbotFor = chatbotFinder(deps);
  const budget = new BodyBudget(deps.limits.maxTotalBufferedBytes, () => reached(deps, 'rest.maxTotalBufferedBytes'));
  let inFlight = 0;
  return async (route, call) => {
    const startedAtMs = deps.clock.now();
    let format: Format = 'JSON';
    let answer: Answer;
    const places = route.waits === true ? 0 : 1;
    inFlight += places;
    try {
      if (inFlight > deps.limits.maxInFlight) throw tooMany(deps);
      format = acceptedFormat(call.request.headers);
      answer = await (route.begins === true ? begun : answerOf)({ deps, rate, chatbotFor, budget }, route, call);
    } catch (error) {
      answer = errorAnswer(error, deps.log);
    } finally {
      inFlight -= places;
    }
    const sent = deliver(deps, call, answer, format);
    try {
      report(deps, route, call, { ...sent, startedAtMs });
    } catch (error) {
      // The answer is out: what counts it may fail, but not the process.
      deps.log.error('rest report failed', { stack: error instanceof Error ? error.stack : String(error) });
    }
  };
}

function tooMany(deps: RestDeps): ApiError {
  reached(deps, 'rest.maxInFlight');
  return new ApiError('SVC1000', [], { retryAfterS: 1 });
}

function reached({ metrics }: RestDeps, limit: string): void {
  metrics.count('limit_reached_total', { limit });
}

/** Writes the answer; one that cannot be written is a bug, told as 500. */
function deliver(deps: RestDeps, { response }: Call, answer: Answer, format: Format) {
  try {
    return { answer, written: writeAnswer(response, answer, format) };
  } catch (error) {
    const failed = errorAnswer(error, deps.log);
    return { answer: failed, written: writeAnswer(response, failed, 'JSON') };
  }
}

interface Judges {
  readonly deps: RestDeps;
  readonly rate: RequestRate;
  readonly chatbotFor: ChatbotFor;
  readonly budget: BodyBudget;
}

/** New work comes in only where there is no overload. */
async function begun(...[judges, route, call]: Parameters<typeof answerOf>): Promise<Answer> {
  const { deps } = judges;
  const waitS = deps.overloaded?.(call.variables['userId'] ?? '');
  if (waitS !== undefined) throw new ApiError('SVC1000', [], { retryAfterS: waitS });
  try {
    return await answerOf(judges, route, call);
  } finally {
    deps.settled?.();
  }
}

async function answerOf({ deps, rate, chatbotFor, budget }: Judges, route: Route, call: Call): Promise<Answer> {
  const { request, variables } = call;
  const admission = await admit(deps, { rate, path: route.path, request });
  if (admission.kind === 'refused') return admission.answer;
  const { platform } = admission;
  let body: Promise<Body> | undefined;
  const share = budget.open();
  const exchange = {
    request,
    platform,
    bot: await chatbotFor(platform, request, variables['userId'] ?? ''),
    variables,
    query: queryOf(request.url ?? ''),
    body: () => (body ??= readBody(request, { maxBytes: deps.limits.maxBodyBytes, share })),
  };
  try {
    return await route.handle(exchange);
  } finally {
    share.close();
  }
}

export type Admission =
  { readonly kind: 'admitted'; readonly platform: Platform } | { readonly kind: 'refused'; readonly answer: Answer };

/** Who asks, and whether he may use the API that `path` (as a route has it) belongs to. Throws ApiError. */
export async function admit(
  deps: Pick<RestDeps, 'authenticate' | 'policy' | 'log'>,
  { rate, path, request }: { readonly rate: RequestRate; readonly path: string; readonly request: IncomingMessage },
): Promise<Admission> {
  const authentication = await deps.authenticate(request);
  if (authentication.kind === 'unknown') {
    deps.log.warn('rest credential refused', { reason: authentication.reason, peer: request.socket.remoteAddress });
    return { kind: 'refused', answer: unauthorized(authentication.challenge) };
  }
  const { platform, scopes } = authentication;
  rate.take(platform.id);
  if (deps.policy?.(platform.id)?.suspended) throw new ApiError('POL1010', [path.split('/', 2)[1] ?? '']);
  if (scopes && !scopes.has(scopeOfPath(path)))
    return { kind: 'refused', answer: insufficientScope(scopeOfPath(path)) };
  return { kind: 'admitted', platform };
}

function queryOf(url: string): URLSearchParams {
  const at = url.indexOf('?');
  return new URLSearchParams(at < 0 ? '' : url.slice(at + 1));
}

interface Done {
  readonly answer: Answer;
  readonly startedAtMs: number;
  readonly written: Written;
}

function report(deps: RestDeps, route: Route, call: Call, done: Done): void {
  const { answer, startedAtMs, written } = done;
  const endedAtMs = deps.clock.now();
  // An unknown verb is the client's word: it must not become a label.
  const method = route.method === 'ANY' ? 'ANY' : (call.request.method ?? '');
  deps.metrics.count('rest_requests_total', { route: route.path, method, status: String(answer.status) });
  deps.metrics.observe('rest_request_seconds', (endedAtMs - startedAtMs) / 1000, { route: route.path });
  if (deps.trace === undefined) return;
  const key = answer.traceKey ?? keyOf(call.variables);
  traceExchange(deps.trace, { request: call.request, key, status: answer.status, written, startedAtMs, endedAtMs });
}

/** The message, else chatbot and contact. */
function keyOf(variables: Variables): string {
  const { messageId, userId = '', otherUserId, contactId } = variables;
  if (messageId !== undefined) return messageId;
  const contact = otherUserId ?? contactId;
  return contact === undefined ? userId : `${userId}/${contact}`;
}
