/** Conversation-ID and Contribution-ID: we print RFC 4122 UUIDs, and take any token of the network's. */

const maxLength = 128;

/** Whether a value may be taken and repeated: 1 to 128 characters, printable ASCII without blanks at its ends. */
export function isConversationId(value: string): boolean {
  return value.length <= maxLength && /^[!-~](?:[ -~]*[!-~])?$/.test(value);
}

/** Whether a value is a UUID in text form (RFC 4122 §3). */
export function isUuid(value: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(value);
}
