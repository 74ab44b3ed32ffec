/** The bases that resources stand under: a reverse proxy may or may not keep their path; some of them speak for chatbots alone. */
import type { IncomingMessage } from 'node:http';
import { apis } from './access/scopes.js';

/** A platform's own serverRoot whose every userId is a chatbot of the platform. */
export interface ChatbotRoot {
  readonly platformId: string;
  readonly serverRoot: string;
}

/** How every path of ours begins. */
const ours = new RegExp(`^/(?:(?:${apis.join('|')})/v1/|docs/|openapi\\.json|oauth2/)`);

const stripped = new WeakMap<IncomingMessage, string>();

/** Takes the serverRoot's path off the request's, in either form of it; `basePaths` without a slash at the end. */
export function stripBasePath(request: IncomingMessage, basePaths: readonly string[]): void {
  takeOriginForm(request);
  const url = request.url ?? '';
  for (const base of basePaths) {
    if (base === '' || !url.startsWith(`${base}/`)) continue;
    const below = url.slice(base.length);
    // Of a serverRoot that is called as an API (https://gw.example/chat): the proxy has taken its path off.
    if (ours.test(url) && !ours.test(below)) continue;
    request.url = below;
    stripped.set(request, base);
    return;
  }
}

/** A target in absolute form, as to a proxy, is served; its host counts in place of Host (RFC 9112 §3.2.2). */
function takeOriginForm(request: IncomingMessage): void {
  const { url = '', headers } = request;
  if (url.startsWith('/')) return;
  const [, host, path = ''] = /^https?:\/\/([^/?#@]+)([^#]*)$/i.exec(url) ?? [];
  if (host === undefined) return;
  headers.host = host;
  request.url = path.startsWith('/') ? path : `/${path}`;
}

/** Whether a request came in under one of the platform's chatbot roots: at its host, and below its path. */
export function chatbotRootTest(
  roots: readonly ChatbotRoot[],
): (request: IncomingMessage, platformId: string) => boolean {
  const places = roots.map(({ platformId, serverRoot }) => {
    const { protocol, host, pathname } = new URL(serverRoot);
    return { platformId, protocol, host, path: pathname.replace(/\/$/, '') };
  });
  return (request, platformId) =>
    places.some(
      ({ platformId: owner, protocol, host, path }) =>
        owner === platformId && path === (stripped.get(request) ?? '') && host === hostOf(request, protocol),
    );
}

/** As a URL has it: in lower case, without the scheme's own port. */
function hostOf({ headers }: IncomingMessage, protocol: string): string | undefined {
  const url = `${protocol}//${headers.host ?? ''}`;
  return URL.canParse(url) ? new URL(url).host : undefined;
}
