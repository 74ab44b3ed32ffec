/** A small user agent on the engine's API: answers what the scenarios of scripts/sipp ask. */
import type { Engine, EngineDelegate, ServerTransaction } from '../../lib/sip-engine/api.js';

export const ANSWER_SDP = Buffer.from(
  [
    'v=0',
    'o=- 2 2 IN IP4 127.0.0.1',
    's=-',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    'm=message 2855 TCP/MSRP *',
    'a=path:msrp://127.0.0.1:2855/answer;tcp',
    'a=accept-types:message/cpim',
    'a=setup:passive',
    '',
  ].join('\r\n'),
);

export interface Seen {
  readonly events: string[];
}

function answer(transaction: ServerTransaction): void {
  const { method, uri } = transaction.request;
  if (method !== 'INVITE') {
    transaction.respond({ status: 200, headers: [] });
    return;
  }
  transaction.respond({ status: 180, headers: [] });
  if (uri?.startsWith('sip:ringing@') === true) return;
  transaction.respond({ status: 200, headers: [['Content-Type', 'application/sdp']], body: ANSWER_SDP });
}

/** Starts the engine; what happens is told in `events`. */
export async function startSmallAgent(engine: Engine): Promise<Seen> {
  const events: string[] = [];
  const delegate: EngineDelegate = {
    onRequest: (transaction) => {
      events.push(transaction.request.method ?? '');
      answer(transaction);
    },
    onAck: () => void events.push('ACK'),
    onCancel: () => void events.push('CANCEL'),
    onBye: () => void events.push('own BYE'),
  };
  await engine.start(delegate);
  return { events };
}
