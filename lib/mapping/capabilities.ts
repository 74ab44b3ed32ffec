/** Feature tags ↔ service capabilities, and what an answer to OPTIONS says of a contact. */
import { capabilityIds, type CapabilityId, type ContactCapability } from '../resources/capabilities.js';
import type { ServiceCapability } from '../resources/chat-message.js';
import { hasRcsTags, iari, icsi, type ContactTags, type FeatureTags } from '../wire/feature-tags.js';

/** How a capability is seen in the tags of a contact. */
const evidence: Readonly<Record<CapabilityId, (tags: FeatureTags) => boolean>> = {
  Chat: ({ icsis }) => icsis.has(icsi.session),
  StandaloneMessaging: ({ icsis, pagerLarge }) => pagerLarge || icsis.has(icsi.message),
  FileTransfer: ({ icsis }) => icsis.has(icsi.fileTransfer),
  FileTransferHttp: ({ iaris }) => iaris.has(iari.fileTransferHttp),
  FileTransferThumbnail: ({ iaris }) => iaris.has(iari.fileThumbnail),
  GeolocationPush: ({ iaris }) => iaris.has(iari.geolocationPush),
  ChatbotSession: ({ iaris }) => iaris.has(iari.chatbot),
  ChatbotSA: ({ iaris }) => iaris.has(iari.chatbotStandalone),
  MessageRevoke: ({ msgrevoke }) => msgrevoke,
  IPVoiceCall: ({ icsis }) => icsis.has(icsi.voice),
  IPVideoCall: ({ icsis, others }) => icsis.has(icsi.voice) && others.has('video'),
};

/** What the gateway says of a chatbot that has a capability. */
const announcements: Readonly<Record<CapabilityId, ContactTags>> = {
  Chat: { icsis: [icsi.session] },
  StandaloneMessaging: { icsis: [icsi.message, icsi.largeMessage] },
  FileTransfer: { icsis: [icsi.fileTransfer] },
  FileTransferHttp: { iaris: [iari.fileTransferHttp] },
  FileTransferThumbnail: { iaris: [iari.fileThumbnail] },
  GeolocationPush: { iaris: [iari.geolocationPush] },
  ChatbotSession: { icsis: [icsi.session], iaris: [iari.chatbot] },
  ChatbotSA: { icsis: [icsi.message, icsi.largeMessage], iaris: [iari.chatbotStandalone] },
  MessageRevoke: { msgrevoke: true },
  IPVoiceCall: { icsis: [icsi.voice] },
  IPVideoCall: { icsis: [icsi.voice] },
};

/** Every capability we know, enabled or not, in the order of the list; chatbot roles with the contact's versions. */
export function capabilitiesOfTags(tags: FeatureTags): readonly ContactCapability[] {
  const version = [...tags.botVersions].join(',');
  return capabilityIds.map((capabilityId) => ({
    capabilityId,
    status: evidence[capabilityId](tags) ? 'Enabled' : 'Disabled',
    ...(version !== '' && isVersioned(capabilityId) && evidence[capabilityId](tags) ? { version } : {}),
  }));
}

/** Tags of a chatbot's Contact for its capabilities; what we do not know is left out. Versions are those of its roles. */
export function tagsOfCapabilities(capabilities: readonly ServiceCapability[]): ContactTags {
  const known = capabilities.filter(({ capabilityId }) => isCapabilityId(capabilityId));
  const parts = known.map(({ capabilityId }) => announcements[capabilityId as CapabilityId]);
  const versions = known.flatMap(({ capabilityId, version = '' }) =>
    isVersioned(capabilityId) ? version.split(',').map((v) => v.trim()) : [],
  );
  return {
    icsis: unique(parts.flatMap((part) => part.icsis ?? [])),
    iaris: unique(parts.flatMap((part) => part.iaris ?? [])),
    isbot: true,
    botVersions: unique(versions.filter((version) => version !== '')),
    msgrevoke: parts.some((part) => part.msgrevoke === true),
  };
}

/** What an answer to OPTIONS tells of the contact. */
export type OptionsOutcome = 'capabilities' | 'not-rcs' | 'unknown';

/** A user who is not known, and who has gone. */
const absent: readonly number[] = [404, 410, 604];

/** A 480 with tags is a user who is offline and known (seen); never a reason to fail a message by itself. */
export function optionsOutcome(status: number, tags: FeatureTags): OptionsOutcome {
  const ok = status >= 200 && status < 300;
  if (hasRcsTags(tags)) return ok || status === 480 ? 'capabilities' : 'unknown';
  return ok || absent.includes(status) ? 'not-rcs' : 'unknown';
}

function isVersioned(capabilityId: string): boolean {
  return capabilityId === 'ChatbotSession' || capabilityId === 'ChatbotSA';
}

function isCapabilityId(id: string): id is CapabilityId {
  return (capabilityIds as readonly string[]).includes(id);
}

function unique(list: readonly string[]): readonly string[] {
  return [...new Set(list)];
}
