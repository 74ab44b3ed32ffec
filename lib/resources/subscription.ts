/** A notification subscription, of whatever API: they have the same members under different roots. */

export type SubscriptionApi = 'chat' | 'capabilitydiscovery' | 'spamreport' | 'aliasmgmt';

/** What a platform sends. */
export interface SubscriptionRequest {
  readonly notifyURL: string;
  readonly callbackData?: string;
  readonly notificationFormat: 'JSON' | 'XML';
  readonly clientCorrelator?: string;
  /** Seconds; absent: for ever. */
  readonly duration?: number;
  readonly confirmedChatSupported: boolean;
  readonly adhocChatSupported: boolean;
}

/** What is kept. */
export interface Subscription extends SubscriptionRequest {
  readonly id: string;
  readonly api: SubscriptionApi;
  readonly platformId: string;
  readonly bot: string;
  /** Wall clock, ms; absent: never. */
  readonly expiresAtMs?: number;
}
