/** INVITE in: the right refusal, or the 2xx with our answer, isbot and version in Contact. */
import type { Logger } from '../../log.js';
import { DecodeError } from '../../wire/decode-error.js';
import type { HeaderLine, InboundInvite } from '../agent.js';
import { allowed } from '../allowed.js';
import type { MadeChat } from './chat-maker.js';
import { allowsUpdate } from './dial.js';
import type { InviteBody } from './invite-body.js';
import { type ChatMedia, type OfferOutcome, sdpType } from './media.js';
import { offerRefusal } from './offer-refusal.js';
import type { ChatSession, Incoming, Invitation, NetworkBot, Refusal, SessionDelegate } from '../network.js';
import { contact, refusalAnswer } from '../rcs-headers.js';
import { acceptedTimer, timerHeaders } from '../session-timer.js';

export interface InvitationParts {
  readonly invite: InboundInvite;
  readonly incoming: Incoming;
  readonly body: InviteBody;
  readonly log: Logger;
  readonly contactHost: string;
  /** In the 503 where there is no place. */
  readonly retryAfterS?: number;
  /** A chat with its media, both new; undefined: there is no place for one more. */
  makeChat(bot: NetworkBot, delegate: SessionDelegate): MadeChat | undefined;
}

export function invitationOf(parts: InvitationParts): Invitation {
  const { invite, incoming, body } = parts;
  // What stands in the INVITE comes whole by MSRP.
  const firstMessage = incoming.service === 'largeMessage' ? undefined : body.firstMessage;
  return {
    ...incoming,
    ...(firstMessage && { firstMessage }),
    refuse: (refusal) => refuse(invite, refusal),
    onceCancelled: (listener) => void (invite.onCancel = listener),
    accept: (bot, delegate) => accept(parts, bot, delegate),
  };
}

export async function refuse(request: Pick<InboundInvite, 'answer' | 'method'>, refusal: Refusal): Promise<void> {
  await request.answer(refusalAnswer(request.method, refusal));
}

async function accept(
  parts: InvitationParts,
  bot: NetworkBot,
  delegate: SessionDelegate,
): Promise<ChatSession | undefined> {
  const { invite, incoming, body, log, contactHost, retryAfterS } = parts;
  const made = parts.makeChat(bot, delegate);
  if (!made) {
    await refuse(invite, { status: 503, ...(retryAfterS === undefined ? {} : { retryAfterS }) });
    return undefined;
  }
  const { chat, media } = made;
  const description = describe(media, body);
  if (description.kind === 'refused') {
    chat.abandon();
    await refuse(invite, description.refusal);
    return undefined;
  }
  const { headers } = invite;
  const timer = acceptedTimer(headers);
  const answer = {
    status: 200,
    headers: [
      ['Contact', contact(bot, incoming.service, contactHost)],
      ['Allow', allowed],
      ['Supported', 'timer'],
      ...timerHeaders(timer),
      ['Content-Type', sdpType],
    ] as readonly HeaderLine[],
    body: description.body,
  };
  invite.onCancel = () => chat.abandon();
  try {
    const call = await invite.accept(answer, chat);
    chat.attach({ call, tags: incoming.tags, sessionExpires: timer, allowsUpdate: allowsUpdate(headers.all('Allow')) });
  } catch (error) {
    log.info('call not established', { callId: invite.callId, error });
    chat.abandon();
    return undefined;
  }
  // Without an offer in the INVITE the peer's side is known only from the ACK.
  if (body.sdp) media.start().catch(() => chat.mediaLost('media not established'));
  return chat;
}

type Described = { kind: 'answered'; body: Buffer } | { kind: 'refused'; refusal: Refusal };

function describe(media: ChatMedia, { sdp }: InviteBody): Described {
  if (!sdp) return { kind: 'answered', body: media.offer() };
  let outcome: OfferOutcome;
  try {
    outcome = media.takeOffer(sdp);
  } catch (error) {
    if (error instanceof DecodeError) return { kind: 'refused', refusal: { status: 400, reason: 'Bad SDP' } };
    throw error;
  }
  return outcome.kind === 'answered' ? outcome : { kind: 'refused', refusal: offerRefusal(outcome.reason) };
}
