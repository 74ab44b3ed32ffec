/** What every request goes through, whichever way it was routed: credential, chatbot, handler, answer, and what is counted of it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Platform } from '../iwf/actions.js';
import { ApiError } from '../resources/api-error.js';
import { noCredential } from './access/authenticate.js';
import { RequestRate } from './access/request-rate.js';
import { scopeOfPath } from './access/scopes.js';
import { SlowRefusals } from './access/slow-refusals.js';
import { acceptedFormat, formatOfRefusal } from './http/accept.js';
import { type Answer, errorAnswer, insufficientScope, unauthorized, type Written, writeAnswer } from './http/answer.js';
import { type Body, type Format, readBody } from './http/body.js';
import { BodyBudget } from './http/body-budget.js';
import { type ChatbotFor, chatbotFinder } from './access/chatbot-of.js';
import type { RestDeps } from './deps.js';
import { peerAddress } from './http/client-address.js';
import { inTime } from './http/in-time.js';
import type { Route, Variables } from './route.js';
import { traceExchange } from './http/trace-exchange.js';

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
  const budget = new BodyBudget(deps.limits.maxTotalBufferedBytes, (bot) =>
    deps.metrics.count('limit_reached_total', { limit: 'rest.maxTotalBufferedBytes' }, 1, bot),
  );
  const refusals = new SlowRefusals(deps.clock);
  let inFlight = 0;
  return async (route, call) => {
    const startedAtMs = deps.clock.now();
    let format: Format;
    let answer: Answer;
    const places = route.waits === true ? 0 : 1;
    inFlight += places;
    try {
      if (inFlight > deps.limits.maxInFlight) throw tooMany(deps, call.request);
      const waitedMs = await ownTurn(deps, call.request);
      format = acceptedFormat(call.request.headers);
      const answering = answerOf({ deps, rate, chatbotFor, budget }, route, { ...call, waitedMs });
      answer = await (deps.late ? inTime(deps.late, answering) : answering);
    } catch (error) {
      format = formatOfRefusal(call.request.headers);
      answer = { ...errorAnswer(error, deps.log), ...(error instanceof Overdue && { delayed: overdue }) };
    } finally {
      inFlight -= places;
    }
    if (answer.delayed !== undefined) await refusals.due(answer.delayed, call.request);
    const sent = deliver(deps, call, answer, format);
    try {
      report(deps, route, call, { ...sent, startedAtMs });
    } catch (error) {
      // The answer is out: what counts it may fail, but not the process.
      deps.log.error('rest report failed', { stack: error instanceof Error ? error.stack : String(error) });
    }
  };
}

/** Told slowly, as one source is: who is told at once that he would have to wait asks again at once. */
const overdue = '';

class Overdue extends ApiError {
  constructor(retryAfterS: number) {
    super('SVC1000', [], { retryAfterS });
  }
}

/** The chatbot that was served last on a connection, and whom: a name that its platform has proven. */
const lastServed = new WeakMap<Socket, { readonly bot: string; readonly client: string }>();

/** A proxy's connection may have another client each time. */
function sourceOf(deps: RestDeps, request: IncomingMessage): string {
  const client = clientOf(deps, request);
  const last = lastServed.get(request.socket);
  return last?.client === client ? last.bot : client;
}

function clientOf({ clientAddress = peerAddress }: Pick<RestDeps, 'clientAddress'>, request: IncomingMessage): string {
  return clientAddress(request);
}

/** Resolves once it may begin, with the milliseconds that it has waited. Throws 503 where that would take too long. */
async function ownTurn(deps: RestDeps, request: IncomingMessage): Promise<number> {
  const source = sourceOf(deps, request);
  const retryAfterS = deps.overdue?.(source);
  if (retryAfterS !== undefined) throw new Overdue(retryAfterS);
  const turn = deps.turn?.(source);
  if (!turn) return 0;
  const sinceMs = performance.now();
  await turn;
  return performance.now() - sinceMs;
}

function tooMany(deps: RestDeps, request: IncomingMessage): ApiError {
  deps.metrics.count('limit_reached_total', { limit: 'rest.maxInFlight' }, 1, sourceOf(deps, request));
  return new ApiError('SVC1000', [], { retryAfterS: 1 });
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

async function answerOf(judges: Judges, route: Route, call: BegunCall): Promise<Answer> {
  const { deps, rate } = judges;
  const asked = await identify(deps, call.request);
  if (asked.kind === 'refused') return asked.answer;
  try {
    const refusal = allow(deps, { rate, path: route.path, asked });
    return (
      refusal ?? (await (route.begins === true ? begun : served)(judges, route, { ...call, platform: asked.platform }))
    );
  } catch (error) {
    const answer = errorAnswer(error, deps.log);
    return answer.status === 429 ? { ...answer, delayed: asked.platform.id } : answer;
  }
}

interface BegunCall extends Call {
  /** For its turn. */
  readonly waitedMs: number;
}

interface KnownCall extends BegunCall {
  readonly platform: Platform;
}

/** New work comes in only where there is no overload. */
async function begun(judges: Judges, route: Route, call: KnownCall): Promise<Answer> {
  const { overloaded, settled } = judges.deps;
  const waitS = overloaded?.(call.variables['userId'] ?? '', call.platform.id, call.waitedMs);
  if (waitS !== undefined) throw new ApiError('SVC1000', [], { retryAfterS: waitS });
  try {
    return await served(judges, route, call);
  } finally {
    settled?.();
  }
}

async function served({ deps, chatbotFor, budget }: Judges, route: Route, call: KnownCall): Promise<Answer> {
  const { request, variables, platform } = call;
  let body: Promise<Body> | undefined;
  const bot = await chatbotFor(platform, request, variables['userId'] ?? '');
  lastServed.set(request.socket, { bot: bot.uri, client: clientOf(deps, request) });
  const share = budget.open(bot.uri);
  const exchange = {
    request,
    platform,
    bot,
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

export type Admission = { readonly kind: 'admitted'; readonly platform: Platform } | Refused;

interface Refused {
  readonly kind: 'refused';
  readonly answer: Answer;
}

interface Asked {
  readonly kind: 'known';
  readonly platform: Platform;
  /** undefined: every API. */
  readonly scopes?: ReadonlySet<string> | undefined;
}

/** Who asks, and whether he may use the API that `path` (as a route has it) belongs to. Throws ApiError. */
export async function admit(
  deps: Pick<RestDeps, 'authenticate' | 'policy' | 'refused' | 'clientAddress'>,
  { rate, path, request }: { readonly rate: RequestRate; readonly path: string; readonly request: IncomingMessage },
): Promise<Admission> {
  const asked = await identify(deps, request);
  if (asked.kind === 'refused') return asked;
  const answer = allow(deps, { rate, path, asked });
  return answer ? { kind: 'refused', answer } : { kind: 'admitted', platform: asked.platform };
}

/** Who has none most often has named the header, or its scheme, wrongly. */
const headerMissing = 'the header Authorization: Bearer, with a key or token, is required';

async function identify(
  deps: Pick<RestDeps, 'authenticate' | 'refused' | 'clientAddress'>,
  request: IncomingMessage,
): Promise<Asked | Refused> {
  const authentication = await deps.authenticate(request);
  if (authentication.kind === 'known') return authentication;
  deps.refused?.(authentication.reason, clientOf(deps, request));
  const problem = authentication.reason === noCredential ? headerMissing : 'this credential is not accepted';
  return { kind: 'refused', answer: unauthorized(authentication.challenge, problem) };
}

/** What he is answered if he may not. Throws ApiError. */
function allow(
  { policy }: Pick<RestDeps, 'policy'>,
  { rate, path, asked }: { readonly rate: RequestRate; readonly path: string; readonly asked: Asked },
): Answer | undefined {
  const { platform, scopes } = asked;
  rate.take(platform.id);
  if (policy?.(platform.id)?.suspended) throw new ApiError('POL1010', [path.split('/', 2)[1] ?? '']);
  return scopes && !scopes.has(scopeOfPath(path)) ? insufficientScope(scopeOfPath(path)) : undefined;
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
  const labels = { route: route.path, method, status: String(answer.status) };
  deps.metrics.count('rest_requests_total', labels, 1, sourceOf(deps, call.request));
  deps.metrics.observe('rest_request_seconds', (endedAtMs - startedAtMs) / 1000, { route: route.path });
  if (deps.trace === undefined) return;
  const key = answer.traceKey ?? keyOf(call.variables);
  const { request } = call;
  const exchange = { request, client: clientOf(deps, request), key, status: answer.status };
  traceExchange(deps.trace, { ...exchange, written, startedAtMs, endedAtMs });
}

/** The message, else chatbot and contact. */
function keyOf(variables: Variables): string {
  const { messageId, userId = '', otherUserId, contactId } = variables;
  if (messageId !== undefined) return messageId;
  const contact = otherUserId ?? contactId;
  return contact === undefined ? userId : `${userId}/${contact}`;
}
