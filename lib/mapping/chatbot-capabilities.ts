/** What is said of a chatbot to who asks: its capability sources, else its configuration (rest-side facts §3). */
import type { ContactCapability } from '../resources/capabilities.js';
import { parseVersions, type ContactTags } from '../wire/feature-tags.js';
import { tagsOfCapabilities } from './capabilities.js';

/** The chatbot as configured. */
export interface ConfiguredBot {
  readonly roles: readonly ('session' | 'standalone')[];
  /** Value of +g.gsma.rcs.botversion. */
  readonly version: string;
}

/** One source; of all contacts, or of those that it names. */
export interface SourceView {
  readonly contacts: ReadonlySet<string> | undefined;
  readonly serviceCapability: readonly ContactCapability[];
}

/**
 * Sources that name the contact come before those for all contacts, these before the configuration, each as a whole;
 * of sources of one rank the later one decides on a capability. undefined: no source speaks, the configuration does.
 */
export function announcedTags(
  sources: readonly SourceView[],
  bot: ConfiguredBot,
  contact: string | undefined,
): ContactTags | undefined {
  const named = sources.filter(({ contacts }) => contact !== undefined && contacts?.has(contact) === true);
  const speaking = named.length > 0 ? named : sources.filter(({ contacts }) => contacts === undefined);
  if (speaking.length === 0) return undefined;
  const latest = new Map(
    speaking.flatMap((source) => source.serviceCapability).map((one) => [one.capabilityId, one] as const),
  );
  const enabled = [...latest.values()].filter(({ status }) => status === 'Enabled');
  return tagsOfCapabilities(enabled.flatMap((capability) => offered(capability, bot)));
}

/** The version that is offered is one that source and configuration both know; without one the role is not offered. */
function offered(capability: ContactCapability, { version: configured }: ConfiguredBot): readonly ContactCapability[] {
  const { capabilityId, version } = capability;
  if (capabilityId !== 'ChatbotSession' && capabilityId !== 'ChatbotSA') return [capability];
  if (version === undefined) return [{ ...capability, version: configured }];
  const known = parseVersions(configured);
  const common = [...parseVersions(version)].filter((one) => known.has(one));
  return common.length === 0 ? [] : [{ ...capability, version: common.join(',') }];
}
