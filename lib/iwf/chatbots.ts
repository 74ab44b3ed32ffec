/** The chatbots and platforms of the configuration: who is whose, found by whatever form of the URI. */
import { readSipUri, sipUriKey } from '../wire/sip-uri.js';
import type { Chatbot, ChatbotDirectory } from './actions.js';
import { BoundedMap } from './bounded-map.js';

/** What a chatbot of a platform is, where nothing else is said of it. */
export type ChatbotTraits = Omit<Chatbot, 'uri' | 'name'>;

export interface ChatbotDomain {
  /** `botplatform.example.net`, or `*.example.net` for every host below it. */
  readonly pattern: string;
  readonly traits: ChatbotTraits;
}

export interface ChatbotSources {
  /** By registration. */
  readonly chatbots: readonly Chatbot[];
  readonly domains: readonly ChatbotDomain[];
  /** Known otherwise, by `sipUriKey`. */
  readonly others?: { find(key: string): Chatbot | undefined };
}

/** By registration first, then by the domain of the URI (the longest pattern that fits), then by what else is known. */
export function chatbotDirectory({ chatbots, domains, others }: ChatbotSources): ChatbotDirectory {
  const bySpecificity = [...domains].sort((a, b) => specificity(b.pattern) - specificity(a.pattern));
  const byKey = new Map<string, Chatbot>();
  const byPlatform = new Map<string, Chatbot[]>();
  const keys = rememberedKeys();
  for (const bot of chatbots) {
    const key = keyOf(bot.uri);
    if (key !== undefined) byKey.set(key, bot);
    const siblings = byPlatform.get(bot.platformId);
    if (siblings) siblings.push(bot);
    else byPlatform.set(bot.platformId, [bot]);
  }
  return {
    find(uri) {
      // Nearly all that ask have the URI in this form already.
      const registered = byKey.get(uri);
      if (registered) return registered;
      const key = keys.of(uri);
      if (key === undefined) return undefined;
      return byKey.get(key) ?? inDomain(key, bySpecificity) ?? others?.find(key);
    },
    ofPlatform: (platformId) => byPlatform.get(platformId) ?? [],
  };
}

/** URIs whose form is remembered; each has at most `maxUriLength` characters. */
const maxRemembered = 1_000;

/** The same few URIs are asked for with each message. */
function rememberedKeys(): { of(uri: string): string | undefined } {
  const known = new BoundedMap<string>(maxRemembered);
  return {
    of(uri) {
      const found = known.get(uri);
      if (found !== undefined) return found;
      const key = keyOf(uri);
      if (key !== undefined) known.set(uri, key);
      return key;
    },
  };
}

function keyOf(uri: string): string | undefined {
  const read = readSipUri(uri);
  return read && sipUriKey(read);
}

function inDomain(key: string, domains: readonly ChatbotDomain[]): Chatbot | undefined {
  const { user, host } = partsOf(key);
  if (user === '') return undefined;
  const domain = domains.find(({ pattern }) => matches(host, pattern.toLowerCase()));
  if (!domain) return undefined;
  return { ...domain.traits, uri: key, name: user };
}

function partsOf(key: string): { user: string; host: string } {
  const at = key.lastIndexOf('@');
  const host = key.slice(at + 1).split(/[:;]/, 1)[0] ?? '';
  return { user: at < 0 ? '' : key.slice(key.indexOf(':') + 1, at), host };
}

/** A whole name before any pattern, a longer pattern before a shorter one. */
function specificity(pattern: string): number {
  return pattern.startsWith('*.') ? pattern.length : Infinity;
}

function matches(host: string, pattern: string): boolean {
  return pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern;
}
