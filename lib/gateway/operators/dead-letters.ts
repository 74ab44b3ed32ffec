/** Dead letters as the admin face shows them: whose they are, numbers masked as in the log, no content. */
import type { ChatbotDirectory } from '../../iwf/actions.js';
import type { DeadLetters, KeptLetter } from '../../notify/delivery/dead-letters.js';
import type { DeadLetterActions, ShownLetter } from '../../rest/admin/dead-letters.js';
import { inTime, type Late } from '../../rest/http/in-time.js';

export interface DeadLetterView {
  readonly deadLetters: DeadLetters;
  readonly directory: ChatbotDirectory;
  readonly mask: (text: string) => string;
  readonly late: Late;
}

export function deadLetterActions({ deadLetters, directory, mask, late }: DeadLetterView): DeadLetterActions {
  const platformOf = (bot: string): string | undefined => directory.find(bot)?.platformId;
  return {
    async list({ platform, bot, limit, after }) {
      const fits = (uri: string): boolean =>
        (bot === undefined || bot === uri) && (platform === undefined || platform === platformOf(uri));
      const { letters, next } = await inTime(late, deadLetters.list({ fits, limit, after }));
      const shown = letters.map((letter) => shownLetter(letter, platformOf(letter.about.bot), mask));
      return { letters: shown, ...(next === undefined ? {} : { next }) };
    },
    replay: (id, subscriptionId) => inTime(late, deadLetters.replay(id, subscriptionId)),
    remove: async (id) => (await inTime(late, deadLetters.remove(id))) !== undefined,
  };
}

function shownLetter(letter: KeptLetter, platform: string | undefined, mask: DeadLetterView['mask']): ShownLetter {
  const { id, atMs, reason, status, about, notificationId, subscriptionId, attempts, enqueuedAtMs } = letter;
  return {
    id,
    at: new Date(atMs).toISOString(),
    reason,
    status,
    platform,
    bot: about.bot,
    contact: mask(about.contact),
    kind: about.kind,
    messageId: about.messageId,
    notificationId,
    subscriptionId,
    attempts,
    queuedAt: new Date(enqueuedAtMs).toISOString(),
  };
}
