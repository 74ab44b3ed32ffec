/** Requests of the network: given to the handlers, to the call they belong to, or refused. */
import { PeerError } from '../../errors.js';
import type { Answer, Call, CallDelegate, InboundInvite, InboundRequest, SipHandlers } from '../agent.js';
import { DrachtioCall, type CallDeps } from './call.js';
import { ALLOW, namesDialog, refusedByDuty } from './duties.js';
import { contactUri, peerOf, requestOf } from './message.js';
import { reply, type Reply } from './reply.js';
import type { SrfRequest, SrfResponse } from './types.js';

export function handleInbound(deps: CallDeps, handlers: SipHandlers, req: SrfRequest, res: SrfResponse): void {
  const call = req.stackDialogId ? deps.calls.get(req.stackDialogId) : undefined;
  // the engine has ended the call by itself, and has sent the BYE
  if (req.source === 'application') return call?.end('lost');
  const respond = (answer: Answer) => void reply(deps.link, req, res, deps.callTimeoutMs).send(answer).catch(ignore);
  const refusal = req.method === 'ACK' ? undefined : refusalOf(deps, req, call);
  if (refusal) respond(refusal);
  else if (call) call.handle(req, res);
  else if (req.method !== 'ACK') handOn(deps, handlers, { req, res, respond });
}

interface Asked {
  readonly req: SrfRequest;
  readonly res: SrfResponse;
  readonly respond: (answer: Answer) => void;
}

function handOn(deps: CallDeps, handlers: SipHandlers, { req, res, respond }: Asked): void {
  try {
    const own = req.method === 'OPTIONS' ? deps.own(req.msg.uri ?? '') : undefined;
    if (own) respond(own);
    else if (!dispatch(deps, handlers, req, res)) respond({ status: 405, headers: [['Allow', ALLOW]] });
  } catch (error) {
    deps.log.error('handler failed', { error, method: req.method });
    respond({ status: 500 });
  }
}

function refusalOf(deps: CallDeps, req: SrfRequest, call: DrachtioCall | undefined): Answer | undefined {
  if (!call && req.stackDialogId) return { status: 481 };
  // The server has a transaction of it by now: whoever only falls silent keeps that, and has the request sent again.
  if (!call && !deps.admits(peerOf(req))) return { status: 403 };
  if (!deps.dutiesLeft) return undefined;
  if (!call && namesDialog(req)) return { status: 481 };
  return refusedByDuty(req, deps.minSeS);
}

function dispatch(deps: CallDeps, handlers: SipHandlers, req: SrfRequest, res: SrfResponse): boolean {
  switch (req.method) {
    case 'INVITE':
      handlers.onInvite(inboundInvite(deps, req, res));
      return true;
    case 'MESSAGE':
      handlers.onMessage(inboundRequest(reply(deps.link, req, res, deps.callTimeoutMs), req));
      return true;
    case 'OPTIONS':
      handlers.onOptions(inboundRequest(reply(deps.link, req, res, deps.callTimeoutMs), req));
      return true;
    default:
      return false;
  }
}

function inboundRequest(pending: Reply, req: SrfRequest): InboundRequest {
  return { ...requestOf(req), answer: (answer) => pending.send(answer) };
}

function inboundInvite(deps: CallDeps, req: SrfRequest, res: SrfResponse): InboundInvite {
  let listener: InboundInvite['onCancel'];
  let isCancelled = false;
  const pending = reply(deps.link, req, res, deps.inviteTimeoutMs, () => {
    isCancelled = true;
    listener?.();
  });
  const invite: InboundInvite = {
    ...inboundRequest(pending, req),
    get onCancel() {
      return listener;
    },
    // Who was still asking the store when the caller gave up is told all the same.
    set onCancel(next) {
      listener = next;
      if (isCancelled) next?.();
    },
    accept: (answer, delegate) => accept(deps, { pending, invite, res }, answer, delegate),
  };
  return invite;
}

interface Offered {
  readonly pending: Reply;
  readonly invite: InboundInvite;
  readonly res: SrfResponse;
}

async function accept(deps: CallDeps, offered: Offered, answer: Answer, delegate: CallDelegate): Promise<Call> {
  const { pending, invite, res } = offered;
  let call: DrachtioCall | undefined;
  const makeCall = (listener: CallDelegate) => {
    const remoteTarget = contactUri(invite.headers.get('Contact')) ?? '';
    return new DrachtioCall(deps, { dialogId: res.stackDialogId ?? '', callId: invite.callId, remoteTarget }, listener);
  };
  await pending.send(answer, {
    // before the ACK, or whatever else follows the 2xx, is looked at
    onSent: () => (call = makeCall(delegate)),
    // nobody waits for this call any more
    onLate: () => void makeCall(NOBODY).bye(),
  });
  if (!call) throw new PeerError('sip', 500, 'answered before', 'ours');
  return call;
}

/** Answers for a call that is being ended. */
export const NOBODY: CallDelegate = {
  onModify: () => Promise.resolve({ status: 481 }),
  onRequest: () => Promise.resolve({ status: 481 }),
  onEnd: () => undefined,
};

/** The refusal is the answer: where it cannot be sent, nobody is left to be told. */
function ignore(): void {
  return undefined;
}
