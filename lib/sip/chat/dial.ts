/** INVITE out: offer, answer, refusal as a value. */
import { DecodeError } from '../../wire/decode-error.js';
import { type FeatureTags, readFeatureTags } from '../../wire/feature-tags.js';
import type { HeaderLine, RequestDraft, SipAgent, SipResponse } from '../agent.js';
import type { Chat } from './chat.js';
import type { ChatMedia } from './media.js';
import type { SipOutcome } from '../network.js';

export interface Dial {
  readonly agent: SipAgent;
  readonly draft: RequestDraft;
  readonly chat: Chat;
  readonly media: ChatMedia;
  readonly signal?: AbortSignal;
}

/** undefined: the chat is open. Otherwise it has been abandoned. */
export async function dial({ agent, draft, chat, media, signal }: Dial): Promise<SipOutcome | undefined> {
  let dialed = await agent.invite(draft, chat, signal);
  if (dialed.kind === 'refused' && dialed.response.status === 422) {
    // RFC 4028 §7.3: once more, with the interval that the other side wants.
    dialed = await agent.invite(withTimer(draft, dialed.response), chat, signal);
  }
  if (dialed.kind === 'refused') {
    chat.abandon();
    return outcomeOf(dialed.response);
  }
  const { call, response } = dialed;
  chat.attach({
    call,
    tags: tagsOf(response),
    sessionExpires: response.headers.get('Session-Expires'),
    allowsUpdate: allowsUpdate(response.headers.all('Allow')),
  });
  const problem = await establish(media, response.body);
  if (!problem) return undefined;
  await chat.close();
  return { ...problem, tags: readFeatureTags([]) };
}

/** Response → what the interpreter reads of it. */
export function outcomeOf(response: SipResponse): SipOutcome {
  const retryAfterS = /^\s*(\d{1,6})/.exec(response.headers.get('Retry-After') ?? '')?.[1];
  return {
    status: response.status,
    reason: response.reason,
    tags: tagsOf(response),
    ...(retryAfterS === undefined ? {} : { retryAfterS: Number(retryAfterS) }),
  };
}

/** An answer counts whatever its Contact looks like: one that cannot be read tells nothing. */
function tagsOf({ headers }: SipResponse): FeatureTags {
  try {
    return readFeatureTags(headers.all('Contact'));
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return readFeatureTags([]);
  }
}

export function allowsUpdate(allow: readonly string[]): boolean {
  return allow.some((value) => /\bUPDATE\b/.test(value));
}

async function establish(media: ChatMedia, body: Buffer): Promise<Pick<SipOutcome, 'status' | 'reason'> | undefined> {
  try {
    const refused = media.takeAnswer(body);
    if (refused !== undefined) return { status: 488, reason: `Answer not usable: ${refused}` };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return { status: 488, reason: `Answer not understood: ${error.place}` };
  }
  try {
    await media.start();
    return undefined;
  } catch {
    // The user's side is not there after all: as if it had not answered.
    return { status: 408, reason: 'MSRP connection failed' };
  }
}

function withTimer(draft: RequestDraft, response: SipResponse): RequestDraft {
  const minSe = /^\s*(\d{1,9})/.exec(response.headers.get('Min-SE') ?? '')?.[1];
  if (minSe === undefined) return draft;
  const headers = draft.headers.map(([name, value]): HeaderLine => [
    name,
    name === 'Session-Expires' || name === 'Min-SE' ? minSe : value,
  ]);
  return { ...draft, headers };
}
