/** What must hold after a crash: all that was acknowledged has arrived, in order, unaltered, and twice only with the same id. */
import type { Conversation } from './plan.js';

/** One arrival at the far end. */
export interface Arrived {
  /** Marks it: equal for repetitions. */
  readonly id: string;
  readonly text: string;
}

export interface Verdict {
  readonly faults: readonly string[];
  readonly duplicates: number;
}

/** `sent` in order, all of them acknowledged. */
export function judge(
  { user, way }: Conversation,
  direction: 'toUser' | 'toBot',
  sent: readonly Arrived[],
  arrived: readonly Arrived[],
): Verdict {
  const where = `${direction} ${user} (${way})`;
  const faults: string[] = [];
  const seen = new Map<string, string>();
  const firsts: Arrived[] = [];
  for (const arrival of arrived) {
    const before = seen.get(arrival.text);
    if (before === undefined) {
      firsts.push(arrival);
      seen.set(arrival.text, arrival.id);
    } else if (before !== arrival.id) {
      faults.push(`${where}: again with another id: ${arrival.text}`);
    }
  }
  for (const [index, message] of sent.entries()) {
    if (!seen.has(message.text)) faults.push(`${where}: lost or altered: ${message.text}`);
    else if (firsts[index]?.text !== message.text) faults.push(`${where}: not in its place: ${message.text}`);
    if (seen.has(message.text) && message.id !== '' && seen.get(message.text) !== message.id) {
      faults.push(`${where}: arrived with another id: ${message.text}`);
    }
  }
  const known = new Set(sent.map(({ text }) => text));
  for (const { text } of firsts) if (!known.has(text)) faults.push(`${where}: nobody sent: ${text}`);
  return { faults, duplicates: arrived.length - firsts.length };
}
