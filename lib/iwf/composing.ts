/** …somebody is typing: sent where a session is up and the peer takes it, else worth nothing. */
import { composingCpim, fromIsComposing } from '../mapping/is-composing.js';
import type { IsComposing } from '../resources/is-composing.js';
import { printCpim } from '../wire/cpim.js';
import { printIsComposing } from '../wire/is-composing.js';
import type { Conversations } from './conversations.js';

const composingType = 'application/im-iscomposing+xml';

/** Bare only if the peer's accept-types list it, else wrapped, else dropped (network-side facts §4). */
export async function sendComposing(
  conversations: Conversations,
  bot: string,
  user: string,
  state: IsComposing,
): Promise<'sent' | 'dropped'> {
  const live = conversations.live(bot, user);
  if (!live) return 'dropped';
  const document = printIsComposing(fromIsComposing(state));
  switch (live.session.takes(composingType)) {
    case 'bare':
      await live.session.send({ contentType: composingType, content: document });
      return 'sent';
    case 'wrapped':
      await live.session.send({ contentType: 'message/cpim', content: printCpim(composingCpim(document)) });
      return 'sent';
    case undefined:
      return 'dropped';
  }
}
