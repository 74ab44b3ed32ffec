/** Defaults that depend on other keys: put into the written configuration, so that it can be shown as it is run. */
import type { WrittenConfig, WrittenPlatform } from './schema.js';
import { isDomain } from './values.js';

type WrittenNotify = NonNullable<WrittenPlatform['notify']>;
type WrittenChatbot = NonNullable<WrittenPlatform['chatbots']>[number];

export type CompleteChatbot = Required<WrittenChatbot>;
type ChatbotTraits = Omit<CompleteChatbot, 'uri' | 'name'>;

const chatbotDefaults: ChatbotTraits = { version: '#=1', roles: ['session', 'standalone'], mode: 'auto' };

export interface CompletePlatform extends WrittenPlatform {
  readonly keys: readonly string[];
  readonly clientSecrets: readonly string[];
  readonly clientCertificates: readonly string[];
  readonly chatbots: readonly CompleteChatbot[];
  readonly domains: readonly string[];
  readonly botDefaults: ChatbotTraits;
  readonly chatbotOnly: boolean;
  readonly notify: WrittenNotify & Required<Pick<WrittenNotify, 'allow' | 'secrets' | 'verify'>>;
  readonly limits: WrittenConfig['limits'];
  /** Without a slash at its end. */
  readonly serverRoot: string;
  readonly botJson: NonNullable<WrittenPlatform['botJson']>;
  readonly suspended: boolean;
  readonly trustedWithNumbers: boolean;
  readonly sendDelivered: boolean;
}

export interface CompleteConfig extends WrittenConfig {
  readonly msrp: WrittenConfig['msrp'] & { readonly advertise: string };
  readonly platforms: readonly CompletePlatform[];
}

export function complete(written: WrittenConfig): CompleteConfig {
  const serverRoot = withoutSlash(written.serverRoot);
  const trustedPeers = written.msrp.trustedPeers ?? addressesOf(written.sip.trustedPeers);
  return {
    ...written,
    serverRoot,
    msrp: {
      ...written.msrp,
      advertise: written.msrp.advertise ?? written.msrp.host,
      ...(trustedPeers && { trustedPeers }),
    },
    platforms: written.platforms.map((platform) => completePlatform(platform, { serverRoot, limits: written.limits })),
  };
}

/** Undefined where domains stand alone: nobody's media can be guessed from a name. */
function addressesOf(peers: readonly string[]): readonly string[] | undefined {
  const addresses = peers.filter((peer) => !isDomain(peer));
  return addresses.length === 0 && peers.length > 0 ? undefined : addresses;
}

function completePlatform(
  platform: WrittenPlatform,
  defaults: { serverRoot: string; limits: WrittenConfig['limits'] },
): CompletePlatform {
  const botDefaults = { ...chatbotDefaults, ...platform.botDefaults };
  return {
    ...platform,
    keys: lowerCased(platform.keys),
    clientSecrets: lowerCased(platform.clientSecrets),
    clientCertificates: lowerCased(platform.clientCertificates),
    chatbots: (platform.chatbots ?? []).map((one) => ({ name: userPart(one.uri), ...botDefaults, ...one })),
    domains: lowerCased(platform.domains),
    botDefaults,
    chatbotOnly: platform.chatbotOnly ?? false,
    notify: { allow: [], secrets: [], verify: false, ...platform.notify },
    limits: { ...defaults.limits, ...platform.limits },
    serverRoot: withoutSlash(platform.serverRoot ?? defaults.serverRoot),
    botJson: platform.botJson ?? 'off',
    suspended: platform.suspended ?? false,
    trustedWithNumbers: platform.trustedWithNumbers ?? true,
    sendDelivered: platform.sendDelivered ?? false,
  };
}

function userPart(uri: string): string {
  return uri.slice(uri.indexOf(':') + 1, uri.indexOf('@'));
}

function withoutSlash(url: string): string {
  return url.replace(/\/$/, '');
}

function lowerCased(texts: readonly string[] | undefined): readonly string[] {
  return (texts ?? []).map((text) => text.toLowerCase());
}
