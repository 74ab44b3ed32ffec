/** Which chatbot a request is of: one of the platform's own, or, under a serverRoot for chatbots alone, whoever is named. */
import type { IncomingMessage } from 'node:http';
import type { Chatbot, Platform } from '../../iwf/actions.js';
import { ApiError } from '../../resources/api-error.js';
import type { RestDeps } from '../deps.js';
import { chatbotRootTest } from '../server-roots.js';

/** Rejects with ApiError: SVC2008 for no chatbot of the platform. */
export type ChatbotFor = (platform: Platform, request: IncomingMessage, userId: string) => Promise<Chatbot>;

export function chatbotFinder(deps: RestDeps): ChatbotFor {
  const { directory, rootChatbots, chatbotRoots = [] } = deps;
  const isUnderRoot = chatbotRootTest(chatbotRoots);
  return async (platform, request, userId) => {
    const isOpen =
      rootChatbots && userId !== 'acr:auth' && !directory.find(userId) && isUnderRoot(request, platform.id);
    const bot = isOpen ? rootChatbots.would(platform.id, userId) : undefined;
    if (!bot) return chatbotOf(deps, platform, userId);
    // What is made for it lives on, and the network answers to it: then it must be known as well.
    if (request.method === 'POST') await rootChatbots?.admit(bot);
    return bot;
  };
}

/** The platform's own chatbot; that another platform has it is not told (404, as for one that nobody has). */
export function chatbotOf(deps: Pick<RestDeps, 'directory'>, platform: Platform, userId: string): Chatbot {
  if (userId === 'acr:auth') return onlyChatbotOf(deps, platform);
  const bot = deps.directory.find(userId);
  if (bot?.platformId !== platform.id) throw new ApiError('SVC2008', ['chatbot', userId]);
  return bot;
}

function onlyChatbotOf(deps: Pick<RestDeps, 'directory'>, platform: Platform): Chatbot {
  const [bot, ...others] = deps.directory.ofPlatform(platform.id);
  if (bot === undefined || others.length > 0)
    throw new ApiError('SVC0002', ['userId', 'acr:auth names the only chatbot of a credential']);
  return bot;
}
