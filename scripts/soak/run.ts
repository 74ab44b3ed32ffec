/** One soak run: traffic both ways under the plan's faults, then peace until all is settled, then the ledger. */
import { chanceOf } from './chance.js';
import { Injector } from './injector.js';
import { balanceToBot, balanceToUser, type Posted, type Side, unreportedOf } from './ledger.js';
import { Phone, rest } from './phone.js';
import { allBots, soakPlan, type SoakPlan, type Talk, textOf } from './plan.js';
import { startWorld, type World } from './world.js';

export interface SoakReport {
  readonly seed: number;
  readonly seconds: number;
  readonly settledAfterMs: number;
  readonly toUser: Side;
  readonly toBot: Side;
  readonly struck: Readonly<Record<string, number>>;
  readonly datagrams: Readonly<Record<string, number>>;
  /** Faults of the gateway, in words; none: all is well. */
  readonly faults: readonly string[];
}

/** After the faults everything must arrive or be reported: a queue may be long, but this long it may not stand still. */
const standstillMs = 180_000;
/** Between two posts of the platform to one user. */
const postPauseMs = { min: 20, max: 180 };
/** One message in so many is valid for a few seconds alone. */
const shortLived = 0.02;

/** `plan` other than that of the seed: for one kind of fault alone. */
export async function soakRun(seed: number, seconds: number, plan = soakPlan(seed, seconds)): Promise<SoakReport> {
  const over = new AbortController();
  const world = await startWorld(seed, over.signal);
  let report: SoakReport | undefined;
  try {
    await world.gateway.start();
    for (const bot of allBots) await world.platform.add(bot);
    report = await traffic(plan, world, over);
  } finally {
    over.abort();
    const isWell = process.env.SOAK_KEEP_LOG === undefined && report !== undefined && report.faults.length === 0;
    const log = await world.close(!isWell);
    if (log !== undefined) process.stdout.write(`the gateway's log: ${log}\n`);
  }
  return report;
}

type Sent = ReadonlyMap<Talk, Posted[]>;

async function traffic(plan: SoakPlan, world: World, over: AbortController): Promise<SoakReport> {
  const { seed, seconds, talks } = plan;
  const endMs = performance.now() + seconds * 1000;
  const ended = (): boolean => performance.now() >= endMs;
  let injector: Injector | undefined = undefined as Injector | undefined;
  const phones = talks.map(
    (talk) =>
      new Phone({
        seed,
        talk,
        sipPort: world.ports.sip,
        datagramPort: world.datagramPort,
        handsets: world.handsets,
        chance: chanceOf(seed, 'phone', talk.user),
        ended,
        unsure: () => injector?.unsure ?? false,
        signal: over.signal,
      }),
  );
  const posted: Sent = new Map(talks.map((talk) => [talk, []]));
  injector = new Injector({ plan, world, phones });
  injector.start();
  const talking = Promise.all([
    ...phones.map((phone) => phone.run()),
    ...talks.map((talk) => post(talk, { plan, world, posted, ended })),
  ]);
  await Promise.race([talking, rest(seconds * 1000)]);
  await rest(Math.max(0, endMs - performance.now()));
  await injector.end();
  const peaceMs = performance.now();
  const timer = setTimeout(() => over.abort(), standstillMs);
  await talking;
  clearTimeout(timer);
  await settled({ world, phones, posted });
  const sides = await account({ world, phones, posted });
  return {
    seed,
    seconds,
    settledAfterMs: Math.round(performance.now() - peaceMs),
    ...sides,
    struck: injector.counts,
    datagrams: sumOf(world.proxies.map(({ counts }) => counts)),
    faults: [...sides.toUser.faults, ...sides.toBot.faults, ...injector.faults, ...bugsOf(world.log())],
  };
}

interface Posting {
  readonly plan: SoakPlan;
  readonly world: World;
  readonly posted: Sent;
  readonly ended: () => boolean;
}

async function post(talk: Talk, { plan, world, posted, ended }: Posting): Promise<void> {
  const chance = chanceOf(plan.seed, 'platform', talk.user);
  for (let n = 0; !ended(); n++) {
    const text = textOf(plan.seed, 'out', talk, n);
    const expiry = chance.happens(shortLived) ? { expiry: chance.between(1, 4) } : {};
    const message = { text, reportRequest: ['Sent', 'Failed', 'Expired'], ...expiry };
    const messageId = await world.platform.send(talk, message, `${talk.user}-${n}`);
    if (messageId === undefined) return;
    posted.get(talk)?.push({ n, text, messageId });
    await rest(chance.between(postPauseMs.min, postPauseMs.max));
  }
}

interface Scene {
  readonly world: World;
  readonly phones: readonly Phone[];
  readonly posted: Sent;
}

/** Until every message is accounted for, or nothing more can be hoped for. */
async function settled(scene: Scene): Promise<void> {
  let open = Infinity;
  let movedAtMs = performance.now();
  while (performance.now() - movedAtMs < standstillMs) {
    const { toUser, toBot } = await account(scene);
    const left = toUser.faults.length + toBot.faults.length;
    if (left === 0) return;
    if (left < open) movedAtMs = performance.now();
    open = Math.min(open, left);
    await rest(500);
  }
}

async function account({ world, phones, posted }: Scene): Promise<{ toUser: Side; toBot: Side }> {
  const { told } = world.platform;
  const toUser: Side[] = [];
  const toBot: Side[] = [];
  for (const phone of phones) {
    const { talk } = phone.options;
    const arrivals = world.handsets.arrivals.filter(({ user }) => user === talk.user);
    const mine = posted.get(talk) ?? [];
    const ids = new Set(mine.map(({ messageId }) => messageId));
    const reports = told.filter(({ messageId }) => ids.has(messageId));
    const asked = await askedOf(world, talk, unreportedOf(mine, reports));
    toUser.push(balanceToUser({ talk, posted: mine, arrivals, told: reports, asked }));
    toBot.push(balanceToBot({ talk, said: phone.said, arrivals, told }));
  }
  return { toUser: sumOfSides(toUser), toBot: sumOfSides(toBot) };
}

async function askedOf(world: World, talk: Talk, messages: readonly Posted[]): Promise<ReadonlyMap<string, string>> {
  const asked = new Map<string, string>();
  for (const { messageId } of messages) {
    asked.set(messageId, await world.platform.status(talk, messageId).catch(() => 'no answer'));
  }
  return asked;
}

function sumOfSides(sides: readonly Side[]): Side {
  const sum = (part: 'sent' | 'delivered' | 'failed' | 'both' | 'duplicates'): number =>
    sides.reduce((total, side) => total + side[part], 0);
  return {
    sent: sum('sent'),
    delivered: sum('delivered'),
    failed: sum('failed'),
    both: sum('both'),
    duplicates: sum('duplicates'),
    faults: sides.flatMap(({ faults }) => faults),
  };
}

function sumOf(counts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const each of counts) {
    for (const [name, count] of Object.entries(each)) sum[name] = (sum[name] ?? 0) + count;
  }
  return sum;
}

/** Every line of level error is looked at by somebody at night; a bug is one of ours. */
function bugsOf(log: string): readonly string[] {
  const bugs = log.split('\n').filter((line) => line.includes('"event":"bug"'));
  return bugs.slice(0, 5).map((line) => `bug in the log: ${line.slice(0, 600)}`);
}
