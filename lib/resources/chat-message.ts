/** chatMessage of the OMA Chat API, with what chatbots add to it. */

/** What a bot may ask to be told of its message. */
export type ReportRequest =
  'Sent' | 'Delivered' | 'Displayed' | 'Failed' | 'Interworked' | 'Expired' | 'Revoked' | 'RevokeFailed';

export interface ServiceCapability {
  readonly capabilityId: string;
  readonly version?: string;
}

/** Exactly one of `text` (text/plain) and `bodyText`. */
export interface ChatMessage {
  readonly text?: string;
  readonly bodyText?: string;
  readonly contentType?: string;
  readonly contentEncoding?: 'utf8' | 'base64';
  readonly reportRequest?: readonly ReportRequest[];
  readonly trafficType?: string;
  readonly serviceCapability?: readonly ServiceCapability[];
  readonly conversationID?: string;
  readonly contributionID?: string;
  readonly inReplyToContributionID?: string;
  readonly senderName?: string;
  /** Seconds. */
  readonly expiry?: number;
  readonly clientCorrelator?: string;
  readonly resourceURL?: string;
}
