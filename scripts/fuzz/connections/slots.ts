/** What a script cannot know beforehand: filled in when it is played, where a body counts with as many octets as stood there. */

export type SlotName =
  /** Another one each time a script is played: 9 hex digits. */
  | 'nonce'
  /** Of the callback server: 8 digits. */
  | 'sink'
  /** Of the gateway in the dialog; its Contact; its MSRP path. */
  | 'tag'
  | 'target'
  | 'path'
  /** Of the gateway's last SEND. */
  | 'transaction'
  | 'message-id'
  /** Path of what the last 201 made. */
  | 'location';

export type Slots = Map<string, string>;

export function slotsFor(nonce: number, sinkPort: number): Slots {
  return new Map<SlotName, string>([
    ['nonce', nonce.toString(16).padStart(9, '0')],
    ['sink', String(sinkPort).padStart(8, '0')],
    ['tag', 'none'],
    ['target', 'sip:none@127.0.0.1'],
    ['path', 'msrp://127.0.0.1:9/none;tcp'],
    ['transaction', 'none'],
    ['message-id', 'none'],
    ['location', '/none'],
  ]);
}

/** What is no slot (a mutilated one) stays. */
export function filled(text: string, slots: Slots): string {
  return text.includes('{{')
    ? text.replace(/\{\{([a-z-]{1,20})\}\}/g, (all, name: string) => slots.get(name) ?? all)
    : text;
}
