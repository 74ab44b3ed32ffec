/** The HTTP face: which routes there are, and what stands before what. */
import express, { type NextFunction, type Request, type Response } from 'express';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { ApiError } from '../resources/api-error.js';
import { FailedAttempts } from './access/failed-attempts.js';
import { tokenRouter } from './access/token-endpoint.js';
import { formatOfRefusal } from './http/accept.js';
import { errorAnswer, methodNotAllowed, writeAnswer } from './http/answer.js';
import { requireHost } from './http/host.js';
import { capabilityRoutes } from './routes/capability-discovery.js';
import { privacyCommandRoutes } from './routes/alias-management.js';
import { capabilitySourceRoutes } from './routes/capability-sources.js';
import { chatRoutes, postMessageRoute } from './routes/chat.js';
import { chatSessionRoutes } from './routes/chat-sessions.js';
import { ContactQuota } from './routes/contact-quota.js';
import type { RestDeps } from './deps.js';
import { directVariables } from './direct.js';
import { docsRouter } from './page/docs.js';
import { channelRoutes } from './routes/notification-channel.js';
import type { Route } from './route.js';
import { stripBasePath } from './server-roots.js';
import { routeRunner, type RunRoute } from './run-route.js';
import { spamReportRoutes } from './routes/spam-reports.js';
import { subscriptionRoutes } from './routes/subscriptions.js';
import { unavailableRoutes } from './routes/unavailable.js';

/** All resources; a path is served by the first route that fits it. */
export function restRoutes(deps: RestDeps): readonly Route[] {
  const further = deps.further ?? {};
  const { capabilitySources, channels, sessions, spamReports, privacyCommands } = further;
  const contactsPerHour = (platformId: string): number =>
    deps.policy?.(platformId)?.contactsPerHour ?? deps.limits.contactsPerHour;
  const quota = new ContactQuota(contactsPerHour, deps);
  return [
    ...chatRoutes(deps),
    ...(sessions === undefined ? [] : chatSessionRoutes({ ...deps, sessions })),
    ...subscriptionRoutes(deps),
    ...capabilityRoutes({ actions: deps.actions, quota }),
    ...(capabilitySources === undefined ? [] : capabilitySourceRoutes(capabilitySources)),
    ...(channels === undefined ? [] : channelRoutes(channels)),
    ...(spamReports === undefined ? [] : spamReportRoutes(spamReports)),
    ...(privacyCommands === undefined ? [] : privacyCommandRoutes(privacyCommands)),
    ...unavailableRoutes(further),
  ];
}

/** The whole face as a listener of a node:http server. */
export function restApp(deps: RestDeps): RequestListener {
  const run = routeRunner(deps);
  const routes = restRoutes(deps);
  const postMessage = postMessageRoute(deps);

  const app = express();
  app.disable('x-powered-by').disable('etag').enable('case sensitive routing').set('query parser', false);
  // Else its last resort would show stacks.
  app.set('env', 'production');
  app.use(docsRouter(routes));
  if (deps.tokens) {
    const attempts = deps.attempts ?? new FailedAttempts(deps.clock);
    app.use(tokenRouter(deps.tokens, { ...deps, attempts }));
  }
  mount(app, routes, run);
  app.use((request: Request) => {
    throw unknownResource(request);
  });
  app.use((error: unknown, _request: Request, response: Response, next: NextFunction) =>
    response.headersSent ? next(error) : answerError(deps, response, error),
  );

  return (request, response) => {
    try {
      requireHost(request);
    } catch (error) {
      response.shouldKeepAlive = false;
      answerError(deps, response, error);
      return;
    }
    stripBasePath(request, deps.basePaths ?? []);
    const variables = directVariables(request);
    if (variables === undefined) app(request, response);
    else void run(postMessage, { request, response, variables });
  };
}

/** Each path with its verbs, and 405 for all others. */
function mount(app: express.Express, routes: readonly Route[], run: RunRoute): void {
  for (const path of new Set(routes.map((route) => route.path))) {
    const verbs = routes.filter((route) => route.path === path);
    const at = app.route(expressPath(path));
    for (const route of verbs) {
      const verb = route.method === 'ANY' ? 'all' : (route.method.toLowerCase() as 'get' | 'post' | 'put' | 'delete');
      at[verb]((request, response) =>
        run(route, { request, response, variables: request.params as Record<string, string> }),
      );
    }
    if (verbs.some((route) => route.method === 'ANY')) continue;
    const allow = verbs.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
    at.all(
      (request, response) => void writeAnswer(response, methodNotAllowed(allow), formatOfRefusal(request.headers)),
    );
  }
}

function expressPath(path: string): string {
  return path.replace('/**', '/*below').replace(/\{(\w+)\}/g, ':$1');
}

function unknownResource(request: IncomingMessage): ApiError {
  const path = (request.url ?? '').split('?', 1)[0] ?? '';
  return new ApiError('SVC2008', ['resource', path, 'all of them: /openapi.json']);
}

function answerError(deps: RestDeps, response: ServerResponse, error: unknown): void {
  const answer = errorAnswer(error, deps.log);
  writeAnswer(response, answer, formatOfRefusal(response.req.headers));
  deps.metrics.count('rest_requests_total', { route: 'none', method: 'ANY', status: String(answer.status) });
}
