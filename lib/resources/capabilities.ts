/** contactServiceCapabilities of the OMA Capability Discovery API. */

export const capabilityIds = [
  'Chat',
  'StandaloneMessaging',
  'FileTransfer',
  'FileTransferHttp',
  'FileTransferThumbnail',
  'GeolocationPush',
  'ChatbotSession',
  'ChatbotSA',
  'MessageRevoke',
  'IPVoiceCall',
  'IPVideoCall',
] as const;

export type CapabilityId = (typeof capabilityIds)[number];

export interface ContactCapability {
  readonly capabilityId: CapabilityId;
  readonly status: 'Enabled' | 'Disabled';
  /** Of ChatbotSession and ChatbotSA, e.g. `#=1`. */
  readonly version?: string;
}

export interface ContactServiceCapabilities {
  readonly contactId: string;
  readonly serviceCapability: readonly ContactCapability[];
  readonly resourceURL?: string;
}
