/** Feature tags ↔ capabilities, and what an answer to OPTIONS says of a contact (network-side facts §3, rest-side facts §3). */
import { type CapabilityId, capabilityIds, type ContactCapability } from '../resources/capabilities.js';
import { type FeatureTags, hasRcsTags, iari, icsi } from '../wire/feature-tags.js';

export type ContactAnswer =
  | { readonly kind: 'capabilities'; readonly capabilities: readonly ContactCapability[] }
  | { readonly kind: 'not-rcs' }
  | { readonly kind: 'unknown' };

const shows: Readonly<Record<CapabilityId, (tags: FeatureTags) => boolean>> = {
  Chat: ({ icsis }) => icsis.has(icsi.session),
  StandaloneMessaging: ({ icsis, pagerLarge }) => icsis.has(icsi.message) || pagerLarge,
  FileTransfer: () => false,
  FileTransferHttp: ({ iaris }) => iaris.has(iari.fileTransferHttp),
  FileTransferThumbnail: ({ iaris }) => iaris.has(iari.fileThumbnail),
  GeolocationPush: ({ iaris }) => iaris.has(iari.geolocationPush),
  ChatbotSession: ({ iaris }) => iaris.has(iari.chatbot),
  ChatbotSA: ({ iaris }) => iaris.has(iari.chatbotStandalone),
  MessageRevoke: ({ msgrevoke }) => msgrevoke,
  IPVoiceCall: ({ icsis }) => icsis.has(icsi.voice),
  IPVideoCall: ({ icsis, others }) => icsis.has(icsi.voice) && others.has('video'),
};

/** The enabled ones alone. */
export function tagsToCapabilities(tags: FeatureTags): readonly ContactCapability[] {
  return capabilityIds.filter((id) => shows[id](tags)).map((capabilityId) => enabled(capabilityId, tags));
}

/** A 480 with tags is a user who is offline and known; without tags 404, 410, 604 and a 200 say that there is none. */
export function contactAnswer(status: number, tags: FeatureTags): ContactAnswer {
  if (hasRcsTags(tags) && (status === 480 || (status >= 200 && status < 300))) {
    return { kind: 'capabilities', capabilities: tagsToCapabilities(tags) };
  }
  const absent = [404, 410, 604].includes(status) || (status >= 200 && status < 300);
  return { kind: absent ? 'not-rcs' : 'unknown' };
}

function enabled(capabilityId: CapabilityId, { botVersions }: FeatureTags): ContactCapability {
  const versioned = capabilityId === 'ChatbotSession' || capabilityId === 'ChatbotSA';
  const version = [...botVersions].join(',');
  return { capabilityId, status: 'Enabled', ...(versioned && version !== '' ? { version } : {}) };
}
