/** Requests that ask for another protocol (RFC 9110 §7.8): WebSockets are served, any other wish is none that must be granted. */
import type { IncomingMessage, Server, ServerOptions } from 'node:http';
import { Server as SecureServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { channelUpgrades } from './routes/channel-socket.js';
import type { RestDeps } from './deps.js';

/** For `createServer`. Where Node knows it (22.21, 24.9), a wish that is not granted is passed over before its body is read. */
export function upgradeOptions(deps: RestDeps): ServerOptions {
  return deps.further?.channels === undefined ? {} : ({ shouldUpgradeCallback: wantsWebSocket } as ServerOptions);
}

/** Where there are channels, the server serves their WebSockets. */
export function serveUpgrades(server: Server, deps: RestDeps): void {
  const channels = deps.further?.channels;
  if (channels === undefined) return;
  const upgrade = channelUpgrades(deps, channels);
  server.on('upgrade', (request, socket, head) => {
    if (wantsWebSocket(request)) void upgrade({ request, socket, head });
    else goOn(server, request, { socket, head });
  });
}

/** By GET alone; HTTP/1.0 has no upgrades: the wish is passed over (RFC 9110 §7.8, RFC 6455 §4.1). */
function wantsWebSocket({ method, headers, httpVersionMajor, httpVersionMinor }: IncomingMessage): boolean {
  if (method !== 'GET' || httpVersionMajor !== 1 || httpVersionMinor < 1) return false;
  return headers.upgrade?.toLowerCase() === 'websocket';
}

/**
 * A client that would also speak HTTP/2 says `Upgrade: h2c` in an ordinary request (Java's HttpClient does in each first
 * one). Node 20 has let its parser go of the connection by then: the request is read once more without the wish.
 */
function goOn(server: Server, request: IncomingMessage, { socket, head }: { socket: Duplex; head: Buffer }): void {
  const lines = [`${request.method ?? 'GET'} ${request.url ?? '/'} HTTP/${request.httpVersion}`];
  for (let at = 0; at < request.rawHeaders.length; at += 2) {
    const [name = '', value = ''] = request.rawHeaders.slice(at, at + 2);
    if (!wishes.has(name.toLowerCase())) lines.push(`${name}: ${value}`);
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  // Beneath TLS it would be taken for the beginning of a handshake.
  server.emit(server instanceof SecureServer ? 'secureConnection' : 'connection', socket);
}

const wishes: ReadonlySet<string> = new Set(['upgrade', 'connection', 'http2-settings']);
