/** What one crash run sends: its conversations, its texts, and the moment of the kill, all from one seed. */

export interface Conversation {
  readonly bot: string;
  /** `+15550100001`; each user speaks with one bot alone. */
  readonly user: string;
  readonly way: 'session' | 'standalone';
  /** Both ways, in this order. */
  readonly toUser: readonly string[];
  readonly toBot: readonly string[];
}

export interface Plan {
  readonly seed: number;
  readonly conversations: readonly Conversation[];
  readonly kills: readonly Kill[];
}

/** Acknowledgements of either side until it comes, and how much later that is. */
export interface Kill {
  readonly after: number;
  readonly delayMs: number;
}

export const bots = {
  session: 'sip:chat@botplatform.example.net',
  standalone: 'sip:pager@botplatform.example.net',
} as const;

/** `messages` each way, over ten conversations. */
export function planOf(seed: number, messages: number): Plan {
  const random = randomOf(seed);
  const perConversation = Math.ceil(messages / 10);
  const conversations = Array.from({ length: 10 }, (_, index): Conversation => {
    const way = index < 5 ? 'session' : 'standalone';
    const user = `+1555010${String(1000 + index)}`;
    const texts = (direction: string): readonly string[] =>
      Array.from({ length: perConversation }, (__, n) => `${direction} ${user} ${n} ${filler(random)}`);
    return { bot: bots[way], user, way, toUser: texts('out'), toBot: texts('in') };
  });
  const total = perConversation * conversations.length * 2;
  const after = 1 + Math.floor(random() * total * 0.9);
  return { seed, conversations, kills: [{ after, delayMs: Math.floor(random() * 15) }] };
}

/** Of different length, some with more than one octet per character. */
export function filler(random: () => number, maxLetters = 60): string {
  const letters = ['a', 'ß', '世', '🎉', ' ', '"', '\\', '{'];
  return Array.from(
    { length: Math.floor(random() * maxLetters) },
    () => letters[Math.floor(random() * letters.length)],
  ).join('');
}

/** mulberry32: small, and the same everywhere. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
