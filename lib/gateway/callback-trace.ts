/** A callback to a platform → two trace events, under the messageId that it tells of. */
import type { Exchange } from '../notify/callback.js';
import type { TraceEvent } from '../trace/trace.js';

export function callbackEvents({ request, result, atMs, tookMs }: Exchange, bodies: boolean): readonly TraceEvent[] {
  const { notifyURL, notificationId, body, messageId } = request;
  const peer = new URL(notifyURL).host;
  const key = messageId ?? notificationId;
  // Whoever keeps the event must not keep a body alive that it is not to show.
  const shown = bodies ? body : `[${Buffer.byteLength(body)} bytes]`;
  const asked = (): string => `POST ${notifyURL}\r\nwebhook-id: ${notificationId}\r\n\r\n${shown}`;
  const answered = (): string => (result.kind === 'answered' ? `HTTP/1.1 ${result.status}\r\n\r\n` : result.kind);
  return [
    { atMs, border: 'http', direction: 'out', peer, key, text: asked },
    { atMs: atMs + tookMs, border: 'http', direction: 'in', peer, key, text: answered },
  ];
}
