/** The platforms of the configuration, as each part wants to know them. */
import type { Config, LimitsConfig, PlatformConfig } from '../config.js';
import type { Chatbot, ChatbotDirectory } from '../iwf/actions.js';
import { chatbotDirectory } from '../iwf/chatbots.js';
import { parseAllowList } from '../notify/allow-list.js';
import type { PlatformCallbacks } from '../notify/origins.js';
import { signatureKey } from '../notify/signature.js';

export function directoryOf({ platforms }: Config): ChatbotDirectory {
  const chatbots = platforms.flatMap((platform) =>
    platform.chatbots.map((chatbot): Chatbot => ({ ...chatbot, ...ownership(platform) })),
  );
  const domains = platforms.flatMap((platform) =>
    platform.domains.map((pattern) => ({ pattern, ...ownership(platform) })),
  );
  return chatbotDirectory(chatbots, domains);
}

export function callbacksOf({ platforms }: Config): (platformId: string) => PlatformCallbacks | undefined {
  const byId = new Map(
    platforms.map(({ id, notify }): [string, PlatformCallbacks] => [
      id,
      { allow: parseAllowList(notify.allow), keys: notify.secrets.map(signatureKey), verify: notify.verify },
    ]),
  );
  return (platformId) => byId.get(platformId);
}

/** What a platform may take up: its own limits, else those of all. */
export function limitsOf(
  { platforms, limits }: Config,
  directory: ChatbotDirectory,
): { ofPlatform(platformId: string): LimitsConfig; ofBot(bot: string): LimitsConfig } {
  const byId = new Map(platforms.map((platform) => [platform.id, platform.limits]));
  const ofPlatform = (platformId: string): LimitsConfig => byId.get(platformId) ?? limits;
  return { ofPlatform, ofBot: (bot) => ofPlatform(directory.find(bot)?.platformId ?? '') };
}

/** Paths of the serverRoots: a reverse proxy may keep them. */
export function basePathsOf({ serverRoot, platforms }: Config): readonly string[] {
  const roots = [serverRoot, ...platforms.map((platform) => platform.serverRoot)];
  const paths = roots.map((root) => new URL(root).pathname.replace(/\/$/, ''));
  return [...new Set(paths)].filter((path) => path !== '');
}

function ownership({
  id,
  serverRoot,
  suspended,
  sendDelivered,
}: PlatformConfig): Pick<Chatbot, 'platformId' | 'serverRoot' | 'suspended' | 'sendDelivered'> {
  return { platformId: id, serverRoot, suspended, sendDelivered };
}
