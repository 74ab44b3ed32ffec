/** Under whose name work is counted where all share: what a peer makes up gains him no place of its own, and takes none of another. */
import type { ChatbotDirectory } from '../../iwf/actions.js';

export interface Origins {
  /** Of what the network sends, by Request-URI: the chatbot; all that are nobody's are one. */
  ofUser(requestUri: string): string;
  /** Of what a platform sends: its chatbot; whatever else it names is itself. */
  ofPlatform(platformId: string, bot: string): string;
}

export function createOrigins(directory: Pick<ChatbotDirectory, 'find'>): Origins {
  return {
    ofUser: (requestUri) => directory.find(requestUri)?.uri ?? '',
    ofPlatform(platformId, bot) {
      const found = directory.find(bot);
      return found?.platformId === platformId ? found.uri : platformId;
    },
  };
}
