/** What one soak run does: who talks with whom, what is said, and which faults come when, all from one seed. */
import { filler } from '../crash/plan.js';
import { type Chance, chanceOf } from './chance.js';

/** `datagram`: pager messages over UDP, through proxies that lose, double and reorder. */
export type Way = 'session' | 'standalone' | 'datagram';

export interface Talk {
  readonly bot: string;
  /** `+15550100001`; each user speaks with one bot alone. */
  readonly user: string;
  readonly way: Way;
}

/** How a bot's callback server behaves. */
export type Mood = 'well' | 'down' | 'slow' | 'hangs' | 'flaps' | '500' | '429' | '410';

export type Fault = { readonly atMs: number } & (
  | { readonly kind: 'kill' }
  | { readonly kind: 'restart' }
  | { readonly kind: 'disk full'; readonly lastsMs: number }
  | { readonly kind: 'clock'; readonly stepMs: number }
  | { readonly kind: 'callbacks'; readonly bot: string; readonly mood: Mood; readonly lastsMs: number }
  | { readonly kind: 'reset'; readonly side: 'handsets' | 'callers' }
);

export interface SoakPlan {
  readonly seed: number;
  readonly seconds: number;
  readonly talks: readonly Talk[];
  /** By time. */
  readonly faults: readonly Fault[];
}

/** Users of this prefix are reached over UDP. */
export const datagramPrefix = '+1555020';

export const bots = {
  session: ['sip:chat-a@botplatform.example.net', 'sip:chat-b@botplatform.example.net'],
  standalone: ['sip:pager-a@botplatform.example.net', 'sip:pager-b@botplatform.example.net'],
} as const;

export const allBots: readonly string[] = [...bots.session, ...bots.standalone];

/** Nothing begins before the traffic is well under way, nor so late that nothing follows it. */
const firstMs = 1500;
const quietMs = 2000;

export function soakPlan(seed: number, seconds: number): SoakPlan {
  const endMs = seconds * 1000 - quietMs;
  const faults = [
    ...track(chanceOf(seed, 'process'), { endMs, pause: [4000, 9000], make: ofProcess }),
    ...track(chanceOf(seed, 'callbacks'), { endMs, pause: [1500, 4000], make: ofCallbacks }),
    ...track(chanceOf(seed, 'resets'), { endMs, pause: [2000, 6000], make: ofConnections }),
  ];
  return { seed, seconds, talks: talks(), faults: faults.sort((a, b) => a.atMs - b.atMs) };
}

/** SIGTERM and a new start, again and again: what an operator does to bring in a new version. */
export function restartPlan(seed: number, seconds: number): SoakPlan {
  const faults = track(chanceOf(seed, 'restarts'), {
    endMs: seconds * 1000 - quietMs,
    pause: [500, 1500],
    make: (_chance, atMs) => [{ kind: 'restart', atMs }, 1500],
  });
  return { seed, seconds, talks: talks(), faults };
}

function talks(): readonly Talk[] {
  return Array.from({ length: 18 }, (_, index): Talk => {
    const way = (['session', 'standalone', 'datagram'] as const)[Math.floor(index / 6)] ?? 'session';
    const speakers = way === 'session' ? bots.session : bots.standalone;
    const prefix = way === 'datagram' ? datagramPrefix : '+1555010';
    return { bot: speakers[index % 2] ?? speakers[0], user: `${prefix}${1000 + index}`, way };
  });
}

interface Track {
  readonly endMs: number;
  readonly pause: readonly [number, number];
  /** A fault and how long it holds the track. */
  readonly make: (chance: Chance, atMs: number) => readonly [fault: Fault, lastsMs: number];
}

function track(chance: Chance, { endMs, pause, make }: Track): readonly Fault[] {
  const faults: Fault[] = [];
  let atMs = firstMs + chance.between(0, pause[0]);
  for (;;) {
    const [fault, lastsMs] = make(chance, atMs);
    if (atMs + lastsMs > endMs) return faults;
    faults.push(fault);
    atMs += lastsMs + chance.between(...pause);
  }
}

function ofProcess(chance: Chance, atMs: number): readonly [Fault, number] {
  const kind = chance.pick<'kill' | 'restart' | 'disk full' | 'clock'>([
    'kill',
    'kill',
    'kill',
    'restart',
    'disk full',
    'disk full',
    'clock',
    'clock',
  ]);
  switch (kind) {
    case 'disk full': {
      const lastsMs = chance.between(500, 2500);
      return [{ kind, atMs, lastsMs }, lastsMs];
    }
    case 'clock':
      return [{ kind, atMs, stepMs: chance.pick([-3_600_000, -7_000, 7_000, 3_600_000]) }, 0];
    case 'kill':
    case 'restart':
      return [{ kind, atMs }, 1500];
  }
}

function ofCallbacks(chance: Chance, atMs: number): readonly [Fault, number] {
  const bot = chance.pick(allBots as [string, ...string[]]);
  const mood = chance.pick<Mood>(['down', 'slow', 'hangs', 'flaps', '500', '429', '410']);
  // 410 ends the subscription at once: one answer is enough.
  const lastsMs = mood === '410' ? 300 : chance.between(1000, 6000);
  return [{ kind: 'callbacks', atMs, bot, mood, lastsMs }, Math.floor(lastsMs / 2)];
}

function ofConnections(chance: Chance, atMs: number): readonly [Fault, number] {
  return [{ kind: 'reset', atMs, side: chance.pick(['handsets', 'callers']) }, 0];
}

/** The n-th text that one side says; one in ten is long, where the way can carry it. */
export function textOf(seed: number, direction: 'in' | 'out', { user, way }: Talk, n: number): string {
  const chance = chanceOf(seed, direction, user, n);
  const head = `${direction} ${user} ${n} `;
  // A datagram carries 1300 bytes, its head included.
  if (way === 'datagram') return head + filler(() => chance.next(), 16);
  if (!chance.happens(0.1)) return head + filler(() => chance.next());
  return head + 'lorem ipsum ß 世 🎉 '.repeat(chance.between(100, 500));
}

/** The number of a text, as `textOf` wrote it. */
export function numberOf(text: string): number {
  return Number(text.split(' ', 3)[2]);
}
