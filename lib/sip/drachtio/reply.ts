/** The one answer to a request of the network: given once, refused too late, made for who forgets. */
import { PeerError } from '../../errors.js';
import type { Answer } from '../agent.js';
import type { Link } from './link.js';
import type { RespondHooks } from './link-types.js';
import { answerText, shortFrameBytes } from './message.js';
import type { SrfRequest, SrfResponse } from './types.js';

export interface Reply {
  /** The first call counts, later ones share its outcome. Rejects (PeerError) as the seam says. */
  send(answer: Answer, hooks?: RespondHooks): Promise<void>;
}

/** Answers 500 by itself where nobody has answered within `limitMs`; `onCancel` is told of a CANCEL before that. */
export function reply(link: Link, req: SrfRequest, res: SrfResponse, limitMs: number, onCancel?: () => void): Reply {
  let outcome: Promise<void> | undefined;
  const forgotten = link.guard(limitMs, (why) => {
    if (why === 'timeout') send({ status: 500 }).catch(() => undefined);
  });
  const send = (answer: Answer, hooks?: RespondHooks): Promise<void> => {
    outcome ??= begin(answer, hooks);
    return outcome;
  };
  const begin = async (answer: Answer, hooks?: RespondHooks) => {
    forgotten.done();
    await respond(link, res, answer, hooks);
    link.answered('inbound', req.method, answer.status);
  };
  if (req.method === 'INVITE') {
    req.on('cancel', () => {
      if (!forgotten.done()) return;
      // The engine says it.
      link.answered('inbound', req.method, 487);
      outcome = Promise.reject(new PeerError('sip', 487, 'the caller has cancelled'));
      outcome.catch(() => undefined);
      onCancel?.();
    });
  }
  return { send };
}

async function respond(link: Link, res: SrfResponse, answer: Answer, hooks: RespondHooks | undefined): Promise<void> {
  if (!link.ready) throw new PeerError('sip', 503, 'no connection to the engine');
  const text = answerText(res, answer);
  if (text !== undefined && link.fits(shortFrameBytes(text))) return link.respond(res, text, hooks);
  // the peer must not wait for an answer that cannot be sent
  await link.respond(res, answerText(res, { status: 500 }) ?? '');
  throw new PeerError('sip', text === undefined ? 400 : 513, 'the answer cannot be sent', 'ours');
}
