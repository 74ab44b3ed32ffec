/** Dead letters as the admin face shows them: whose they are, numbers masked as in the log, no content. */
import type { Timer } from '../clock.js';
import type { ChatbotDirectory } from '../iwf/actions.js';
import { ApiError } from '../resources/api-error.js';
import type { DeadLetters, KeptLetter } from '../notify/dead-letters.js';
import type { DeadLetterActions, ShownLetter } from '../rest/dead-letters.js';

export interface DeadLetterView {
  readonly deadLetters: DeadLetters;
  readonly directory: ChatbotDirectory;
  readonly mask: (text: string) => string;
  /** `onLate` comes where the store keeps one waiting for too long. */
  readonly late: (onLate: () => void) => Timer;
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

function inTime<T>(late: DeadLetterView['late'], work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const wait = late(() => reject(new ApiError('SVC1000')));
    void work.then(resolve, reject).finally(() => wait.close());
  });
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
