/** One callback on the wire: a signed HTTP POST whose answer's status alone counts (RFC 9110, Standard Webhooks). */
import type { Dispatcher } from 'undici';
import type { Clock, Timer } from '../../clock.js';
import { StaleConnection } from './answer-socket.js';
import type { BreakOff } from './break-off.js';
import { ForbiddenAddress } from './judged-lookup.js';
import type { NotifyOptions } from '../options.js';
import { Origins, type OriginsDeps, type PlatformCallbacks } from './origins.js';
import type { CallbackResult } from './outcome.js';
import { signatureOf } from './signature.js';

export interface CallbackRequest {
  readonly platformId: string;
  readonly notifyURL: string;
  /** The same at every try. */
  readonly notificationId: string;
  /** The same at every try. */
  readonly body: string;
  readonly contentType: 'application/json' | 'application/xml';
  /** Of the message that it tells of, for a trace. */
  readonly messageId?: string | undefined;
  /** Breaks the callback off; its result is then `failed`. */
  readonly over?: BreakOff;
}

/** What crossed the border, for a trace. */
export interface Exchange {
  readonly request: CallbackRequest;
  readonly result: CallbackResult;
  readonly atMs: number;
  readonly tookMs: number;
}

export interface CallbackDeps extends OriginsDeps {
  readonly clock: Clock;
  /** Undefined: no such platform (any more). */
  readonly platform: (platformId: string) => PlatformCallbacks | undefined;
  readonly options: OriginsDeps['options'] & Pick<NotifyOptions, 'timeoutMs'>;
  readonly onExchange?: (exchange: Exchange) => void;
}

export interface Callbacks {
  /** Never rejects. Redirects are not followed, an answer's body is thrown away. */
  post(request: CallbackRequest): Promise<CallbackResult>;
  /** The same with the answer's body, as far as `maxKeptBytes`. */
  ask(request: CallbackRequest): Promise<CallbackResult & { readonly body: string }>;
  /** Of a platform whose certificates are others now: its next callback makes a new connection. */
  renew(platformId: string): void;
  /** Ends all connections; what is under way fails. */
  close(): Promise<void>;
}

export function createCallbacks(deps: CallbackDeps): Callbacks {
  const origins = new Origins(deps);
  const send = async (request: CallbackRequest, kept?: Buffer[]): Promise<CallbackResult> => {
    const platform = deps.platform(request.platformId);
    const place = platform && origins.take(request.platformId, platform, request.notifyURL);
    if (!place) return { kind: 'forbidden' };
    const body = Buffer.from(request.body);
    const headers = headersOf(request, body, { platform, nowMs: deps.clock.now() });
    const dispatch = (to: Transfer): void =>
      void place.pool.dispatch({ method: 'POST', path: place.path, headers, body }, to);
    try {
      return await new Promise<CallbackResult>((resolve) => {
        const transfer = new Transfer(resolve, deps, { over: request.over, kept, dispatch });
        dispatch(transfer);
      });
    } finally {
      place.release();
    }
  };
  const post = async (request: CallbackRequest, kept?: Buffer[]): Promise<CallbackResult> => {
    const atMs = deps.clock.now();
    const result = await send(request, kept);
    deps.onExchange?.({ request, result, atMs, tookMs: deps.clock.now() - atMs });
    return result;
  };
  return {
    post: (request) => post(request),
    async ask(request) {
      const kept: Buffer[] = [];
      const result = await post(request, kept);
      return { ...result, body: Buffer.concat(kept).toString('utf8') };
    },
    renew: (platformId) => origins.renew(platformId),
    close: () => origins.close(),
  };
}

/** Of an answer that is read. */
const maxKeptBytes = 1024;

interface Signing {
  readonly platform: PlatformCallbacks;
  readonly nowMs: number;
}

function headersOf(request: CallbackRequest, body: Buffer, { platform, nowMs }: Signing): string[] {
  const { notificationId: id, contentType } = request;
  const timestamp = Math.floor(nowMs / 1000);
  const headers = ['content-type', contentType, 'webhook-id', id, 'webhook-timestamp', String(timestamp)];
  if (platform.keys.length > 0) headers.push('webhook-signature', signatureOf(platform.keys, { id, timestamp, body }));
  if (platform.bearer !== undefined) headers.push('authorization', `Bearer ${platform.bearer}`);
  return headers;
}

const timeout: CallbackResult = { kind: 'failed', reason: 'timeout' };
const brokenOff: CallbackResult = { kind: 'failed', reason: 'connection' };

interface TransferParts {
  readonly over: BreakOff | undefined;
  readonly kept: Buffer[] | undefined;
  /** Sends the request, of which the transfer hears. */
  readonly dispatch: (to: Transfer) => void;
}

/**
 * One request and its answer; settles once, at the latest when its time is over. Where a kept connection has ended under the
 * request it is sent once more, on another: to take it twice is what every callback server must stand (`webhook-id`).
 */
class Transfer implements Dispatcher.DispatchHandler {
  private readonly settle: (result: CallbackResult) => void;
  private readonly maxResponseBytes: number;
  private readonly deadline: Timer;
  private readonly over: BreakOff | undefined;
  private readonly kept: Buffer[] | undefined;
  private dispatchAgain: TransferParts['dispatch'] | undefined;
  private controller: Dispatcher.DispatchController | undefined;
  /** Once the status is there it counts, whatever becomes of the answer's body. */
  private answer: CallbackResult | undefined;
  private received = 0;
  private settled = false;

  constructor(
    settle: (result: CallbackResult) => void,
    { clock, options }: Pick<CallbackDeps, 'clock' | 'options'>,
    { over, kept, dispatch }: TransferParts,
  ) {
    this.settle = settle;
    this.maxResponseBytes = options.maxResponseBytes;
    this.deadline = clock.after(options.timeoutMs, () => this.end(timeout));
    this.over = over;
    this.kept = kept;
    this.dispatchAgain = dispatch;
    over?.listen(() => this.end(brokenOff));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    // Its turn in the pool came too late: nothing of it is sent.
    if (this.settled) controller.abort(new Error('over'));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return; // interim (RFC 9110 §15.2)
    const retryAfter = headers['retry-after'];
    this.answer =
      typeof retryAfter === 'string' ? { kind: 'answered', status, retryAfter } : { kind: 'answered', status };
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.received < maxKeptBytes) this.kept?.push(Buffer.from(chunk.subarray(0, maxKeptBytes - this.received)));
    this.received += chunk.length;
    if (this.received > this.maxResponseBytes) this.end(brokenOff);
  }

  onResponseEnd(): void {
    this.finish(brokenOff);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (error instanceof StaleConnection && this.goesOn()) return;
    this.finish(error instanceof ForbiddenAddress ? { kind: 'forbidden' } : brokenOff);
  }

  /** Whether it is sent again. */
  private goesOn(): boolean {
    const dispatch = this.dispatchAgain;
    this.dispatchAgain = undefined;
    if (!dispatch || this.settled || this.answer) return false;
    dispatch(this);
    return true;
  }

  /** Settles and closes the connection, unless the answer was complete. */
  private end(result: CallbackResult): void {
    if (this.settled) return;
    this.finish(result);
    this.controller?.abort(new Error('over'));
  }

  private finish(result: CallbackResult): void {
    if (this.settled) return;
    this.settled = true;
    this.deadline.close();
    this.over?.listen(undefined);
    this.settle(this.answer ?? result);
  }
}
