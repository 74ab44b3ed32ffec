/** …somebody is typing: sent where a session is up and the peer takes it, else worth nothing. */
import { mapOutboundComposing, mapWrappedComposing } from '../../mapping/is-composing.js';
import type { IsComposing } from '../../resources/is-composing.js';
import { printCpim } from '../../wire/cpim.js';
import type { Conversations } from '../sessions/conversations.js';

const composingType = 'application/im-iscomposing+xml';

/** Bare only if the peer's accept-types list it, else wrapped, else dropped (network-side facts §4). */
export function sendComposing(
  conversations: Conversations,
  bot: string,
  user: string,
  { state, dateTime }: { readonly state: IsComposing; readonly dateTime: string },
): 'sent' | 'dropped' {
  const live = conversations.live(bot, user);
  if (!live) return 'dropped';
  switch (live.session.takes(composingType)) {
    case 'bare':
      conversations.sendTyping(live, { contentType: composingType, content: mapOutboundComposing(state) });
      return 'sent';
    case 'wrapped':
      conversations.sendTyping(live, {
        contentType: 'message/cpim',
        content: printCpim(mapWrappedComposing(state, { dateTime })),
      });
      return 'sent';
    case undefined:
      return 'dropped';
  }
}
