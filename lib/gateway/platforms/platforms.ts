/** The platforms of the configuration, as each part wants to know them. */
import type { Config, LimitsConfig, PlatformConfig } from '../../config.js';
import type { Chatbot, ChatbotDirectory } from '../../iwf/actions.js';
import { chatbotDirectory, type ChatbotTraits } from '../../iwf/chatbots.js';
import type { MessagePolicy } from '../../iwf/messages/message-policy.js';
import { RootChatbots, type RootChatbotsOptions } from '../../iwf/root-chatbots.js';
import { parseAllowList } from '../../notify/callback/allow-list.js';
import type { PlatformCallbacks } from '../../notify/callback/origins.js';
import { signatureKey } from '../../notify/callback/signature.js';
import type { RestDeps } from '../../rest/deps.js';
import type { ChatbotRoot } from '../../rest/server-roots.js';
import { callbackTls } from '../tls-material.js';

export interface Directory {
  readonly directory: ChatbotDirectory;
  readonly rootChatbots: RootChatbots;
}

/** Resolves once those that were named under a serverRoot before are known again. */
export async function openDirectory(config: Config, parts: StoreParts): Promise<Directory> {
  const rootChatbots = await openRootChatbots(config, parts);
  return { directory: directoryOf(config, rootChatbots), rootChatbots };
}

/** What the REST face must know of the serverRoots. */
export function rootsOf(config: Config): Required<Pick<RestDeps, 'basePaths' | 'chatbotRoots'>> {
  return { basePaths: basePathsOf(config), chatbotRoots: chatbotRootsOf(config) };
}

type StoreParts = Omit<RootChatbotsOptions, 'platforms' | 'userHosts'>;

function directoryOf({ platforms }: Config, others: RootChatbots): ChatbotDirectory {
  const chatbots = platforms.flatMap((platform) =>
    platform.chatbots.map((chatbot): Chatbot => ({ ...chatbot, ...ownership(platform) })),
  );
  const domains = platforms.flatMap((platform) =>
    platform.domains.map((pattern) => ({ pattern, traits: traitsOf(platform) })),
  );
  return chatbotDirectory({ chatbots, domains, others });
}

async function openRootChatbots(config: Config, parts: StoreParts): Promise<RootChatbots> {
  const platforms = new Map(
    config.platforms
      .filter(({ chatbotOnly }) => chatbotOnly)
      .map((one) => [one.id, { traits: traitsOf(one), maxChatbots: one.limits.chatbotsPerRoot }]),
  );
  const chatbots = new RootChatbots({ ...parts, platforms, userHosts: userHostsOf(config) });
  await chatbots.load();
  return chatbots;
}

/** Where the network's users are, as `userUri` names them. */
function userHostsOf({ sip }: Config): ReadonlySet<string> {
  const patterns = [sip.userUri, ...sip.routes.flatMap(({ userUri }) => userUri ?? [])];
  return new Set(patterns.flatMap((pattern) => /@(\[[^\]]+\]|[^;:?>]+)/.exec(pattern)?.[1]?.toLowerCase() ?? []));
}

function chatbotRootsOf({ platforms }: Config): readonly ChatbotRoot[] {
  return platforms
    .filter(({ chatbotOnly }) => chatbotOnly)
    .map(({ id, serverRoot }) => ({ platformId: id, serverRoot }));
}

export interface CallbackDirectory {
  /** Undefined: no such platform. */
  find(platformId: string): PlatformCallbacks | undefined;
  /** Reads its files again; throws ConfigError, and then nothing has changed. */
  renew(platform: PlatformConfig): void;
}

export function callbacksOf({ platforms }: Config): CallbackDirectory {
  const byId = new Map(platforms.map((platform) => [platform.id, callbacksOfOne(platform)]));
  return {
    find: (platformId) => byId.get(platformId),
    renew: (platform) => void byId.set(platform.id, callbacksOfOne(platform)),
  };
}

function callbacksOfOne(platform: PlatformConfig): PlatformCallbacks {
  const { suspended, notify } = platform;
  const { bearer, verify, secrets } = notify;
  const tls = callbackTls(platform);
  const callbacks = { allow: parseAllowList(notify.allow), keys: secrets.map(signatureKey), verify, suspended };
  return { ...callbacks, ...(bearer === undefined ? {} : { bearer }), ...(tls === undefined ? {} : { tls }) };
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

/** Paths of the serverRoots, the longest first: a reverse proxy may keep them. */
function basePathsOf({ serverRoot, platforms }: Config): readonly string[] {
  const roots = [serverRoot, ...platforms.map((platform) => platform.serverRoot)];
  const paths = roots.map((root) => new URL(root).pathname.replace(/\/$/, ''));
  return [...new Set(paths)].filter((path) => path !== '').sort((a, b) => b.length - a.length);
}

function traitsOf(platform: PlatformConfig): ChatbotTraits {
  return { ...platform.botDefaults, ...ownership(platform) };
}

function trafficPolicy(types: readonly string[] | undefined): Pick<MessagePolicy, 'trafficTypes'> {
  return types === undefined ? {} : { trafficTypes: new Map(types.map((type) => [type.toLowerCase(), type])) };
}

function ownership({
  id,
  serverRoot,
  suspended,
  botJson,
  trafficTypes,
  sendDelivered,
  limits: { sessionsPerBot, sessionsPerUser, laneLength, messagesPerS },
}: PlatformConfig): Pick<Chatbot, 'platformId' | 'serverRoot' | 'suspended' | 'sendDelivered' | 'policy' | 'limits'> {
  const policy = { botJson, ...trafficPolicy(trafficTypes) };
  const ownLimits = { sessionsPerBot, sessionsPerUser, laneLength, messagesPerS };
  return { platformId: id, serverRoot, suspended, sendDelivered, policy, limits: ownLimits };
}
