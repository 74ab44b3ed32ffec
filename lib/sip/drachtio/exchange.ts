/** One request that is no dialog-making INVITE, and its final response or the one made up for it. */
import type { SipResponse } from '../agent.js';
import type { Failure } from './guards.js';
import type { Link } from './link.js';
import { madeUp, responseOf, type Outgoing } from './message.js';
import { reply } from './reply.js';
import type { SrfRequest } from './types.js';

/** Answered in the same turn: the time is never needed. */
const UPDATE_LIMIT_MS = 1_000;

export interface ExchangeOptions {
  readonly timeoutMs: number;
  /** Ends the waiting with 408; what has left cannot be called back. */
  readonly signal?: AbortSignal;
}

/** Never rejects. 408: nothing came in time; 503: no engine; 481: the dialog is gone; 400, 414, 415, 513: not sent at all. */
export function exchange(link: Link, outgoing: Outgoing, options: ExchangeOptions): Promise<SipResponse> {
  const refusal = unsendable(link, outgoing);
  if (refusal !== undefined || outgoing.kind === 'unfit') return Promise.resolve(madeUp(refusal ?? 400));
  if (options.signal?.aborted) return Promise.resolve(madeUp(408));
  return new Promise((resolve) => {
    let waiting = true;
    const settle = (response: SipResponse) => {
      if (!waiting) return;
      waiting = false;
      guard.done();
      options.signal?.removeEventListener('abort', onAbort);
      link.answered('outbound', outgoing.options.method, response.status);
      resolve(response);
    };
    const onAbort = () => settle(madeUp(408));
    const guard = link.guard(options.timeoutMs, (why) => settle(madeUp(failureStatus(why))));
    options.signal?.addEventListener('abort', onAbort);
    link.send({
      ...outgoing,
      wanted: () => waiting,
      onSent: (req) => onFinal(link, req, settle),
      onRefused: (error) => settle(madeUp(refusedStatus(error))),
    });
  });
}

/** The status to make up where a request cannot be sent on this link now. */
export function unsendable(link: Link, outgoing: Outgoing): number | undefined {
  if (outgoing.kind === 'unfit') return outgoing.status;
  return link.ready ? link.refusal(outgoing) : 503;
}

export function failureStatus(why: Failure): number {
  return why === 'timeout' ? 408 : 503;
}

/**
 * srf marks the one refusal that is an ordinary race: the dialog ended while the request was on its way. What a
 * drachtio-server cannot read as a URI it will not read later either; whatever else it says may pass.
 */
export function refusedStatus(error: unknown): number {
  if (!(error instanceof Error)) return 503;
  if ('code' in error && error.code === 'ENODIALOG') return 481;
  return /^invalid request-uri/i.test(error.message) ? 400 : 503;
}

function onFinal(link: Link, req: SrfRequest, settle: (response: SipResponse) => void): void {
  req.on('response', (res, ack) => {
    if (res.status < 200) return;
    // a re-INVITE that came late is acknowledged all the same: the peer would end the call (RFC 3261 §14.1)
    if (req.method === 'INVITE' && res.status < 300) void link.ack(res, ack);
    settle(responseOf(res));
  });
  divertUpdates(link, req);
}

/** srf hands an UPDATE to any pending request of its Call-ID and to nobody else. */
export function divertUpdates(link: Link, req: SrfRequest): void {
  req.on('update', (update, res) => {
    if (req.method !== 'INVITE') {
      link.receive(update, res);
      return;
    }
    // it crosses our INVITE (RFC 3311 §5.2)
    void reply(link, update, res, UPDATE_LIMIT_MS)
      .send({ status: 491 })
      .catch(() => undefined);
  });
}
