/** A reverse proxy may or may not keep the serverRoot's path: both are read. */
import type { IncomingMessage } from 'node:http';

/** `basePaths` without a slash at the end. */
export function stripBasePath(request: IncomingMessage, basePaths: readonly string[]): void {
  const url = request.url ?? '';
  for (const base of basePaths) {
    if (base === '' || !url.startsWith(`${base}/`)) continue;
    request.url = url.slice(base.length);
    return;
  }
}
