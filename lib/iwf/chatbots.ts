/** The chatbots and platforms of the configuration: who is whose, found by whatever form of the URI. */
import { DecodeError } from '../wire/decode-error.js';
import { parseSipUri, sipUriKey } from '../wire/sip-uri.js';
import type { Chatbot, ChatbotDirectory } from './actions.js';

export interface ChatbotDomain {
  /** `botplatform.example.net`, or `*.example.net` for every host below it. */
  readonly pattern: string;
  readonly platformId: string;
  readonly serverRoot: string;
  readonly suspended?: boolean;
  readonly sendDelivered?: boolean;
}

/** Chatbots by name first, then by the domain of their URI. */
export function chatbotDirectory(chatbots: readonly Chatbot[], domains: readonly ChatbotDomain[]): ChatbotDirectory {
  const byKey = new Map<string, Chatbot>();
  const byPlatform = new Map<string, Chatbot[]>();
  for (const bot of chatbots) {
    const key = keyOf(bot.uri);
    if (key !== undefined) byKey.set(key, bot);
    const siblings = byPlatform.get(bot.platformId);
    if (siblings) siblings.push(bot);
    else byPlatform.set(bot.platformId, [bot]);
  }
  return {
    find(uri) {
      const key = keyOf(uri);
      if (key === undefined) return undefined;
      return byKey.get(key) ?? inDomain(key, domains);
    },
    ofPlatform: (platformId) => byPlatform.get(platformId) ?? [],
  };
}

function keyOf(uri: string): string | undefined {
  try {
    return sipUriKey(parseSipUri(uri));
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

function inDomain(key: string, domains: readonly ChatbotDomain[]): Chatbot | undefined {
  const { user, host } = partsOf(key);
  if (user === '') return undefined;
  const domain = domains.find(({ pattern }) => matches(host, pattern.toLowerCase()));
  if (!domain) return undefined;
  return {
    uri: key,
    name: user,
    version: '#=1',
    roles: ['session', 'standalone'],
    mode: 'auto',
    platformId: domain.platformId,
    serverRoot: domain.serverRoot,
    suspended: domain.suspended ?? false,
    sendDelivered: domain.sendDelivered ?? false,
  };
}

function partsOf(key: string): { user: string; host: string } {
  const at = key.lastIndexOf('@');
  const host = key.slice(at + 1).split(/[:;]/, 1)[0] ?? '';
  return { user: at < 0 ? '' : key.slice(key.indexOf(':') + 1, at), host };
}

function matches(host: string, pattern: string): boolean {
  return pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern;
}
