/** A callback to a platform → two trace events, under the messageId that it tells of. */
import { BoundedMap } from '../../iwf/bounded-map.js';
import type { Exchange } from '../../notify/callback/callback.js';
import type { TraceEvent } from '../../trace/trace.js';

/** URLs whose host is remembered: a parser for each callback costs more than all the rest of its trace. */
const maxUrls = 1_000;

export function callbackTrace(emit: (event: TraceEvent) => void, bodies: boolean): (exchange: Exchange) => void {
  const hosts = new BoundedMap<string>(maxUrls);
  const hostOf = (notifyURL: string): string => {
    const known = hosts.get(notifyURL);
    if (known !== undefined) return known;
    const host = new URL(notifyURL).host;
    hosts.set(notifyURL, host);
    return host;
  };
  return (exchange) => {
    const peer = hostOf(exchange.request.notifyURL);
    emit(new Asked(exchange, peer, bodies));
    emit(new Answered(exchange, peer));
  };
}

class Asked implements TraceEvent {
  readonly atMs: number;
  readonly border = 'http';
  readonly direction = 'out';
  readonly peer: string;
  readonly key: string;
  private readonly notifyURL: string;
  private readonly notificationId: string;
  private readonly contentType: string;
  private readonly bytes: number;
  /** Whoever keeps the event must not keep a body alive that it is not to show. */
  private readonly shown: string | undefined;

  constructor({ request, atMs }: Exchange, peer: string, bodies: boolean) {
    const { notifyURL, notificationId, body, messageId, contentType } = request;
    this.atMs = atMs;
    this.peer = peer;
    this.key = messageId ?? notificationId;
    this.notifyURL = notifyURL;
    this.notificationId = notificationId;
    this.contentType = contentType;
    this.bytes = Buffer.byteLength(body);
    this.shown = bodies ? body : undefined;
  }

  text(): string {
    const body = this.shown ?? `[${this.bytes} bytes]`;
    // What a platform knows its callbacks by stands there.
    const url = this.notifyURL.replace(/\?.*$/s, '?********');
    const head = [`POST ${url} HTTP/1.1`, `content-type: ${this.contentType}`, `webhook-id: ${this.notificationId}`];
    return [...head, `content-length: ${this.bytes}`, '', body].join('\r\n');
  }
}

class Answered implements TraceEvent {
  readonly atMs: number;
  readonly border = 'http';
  readonly direction = 'in';
  readonly peer: string;
  readonly key: string;
  private readonly result: Exchange['result'];

  constructor({ request, result, atMs, tookMs }: Exchange, peer: string) {
    this.atMs = atMs + tookMs;
    this.peer = peer;
    this.key = request.messageId ?? request.notificationId;
    this.result = result;
  }

  text(): string {
    const { result } = this;
    if (result.kind === 'answered') return `HTTP/1.1 ${result.status}\r\n\r\n`;
    return result.kind === 'failed' ? `failed: ${result.reason}` : result.kind;
  }
}
