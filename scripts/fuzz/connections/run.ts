/** A target over real sockets: scripts by the batch, each batch judged, and who of it was at fault found by playing them alone. */
import { randomOf } from '../random.js';
import {
  type Fault,
  type FaultKind,
  faultsOf,
  growth,
  growthOf,
  leftOver,
  type Look,
  maxHeldMs,
  type Rest,
} from './judge.js';
import { lookAt } from './look.js';
import { play, type Played } from './play.js';
import type { Script } from './script.js';
import { stageFor } from './stage.js';
import type { ConnectionTarget } from './targets.js';
import type { World } from './world.js';

export interface Finding extends Fault {
  readonly target: string;
  /** Those that brought it about, alone or only together. */
  readonly scripts: readonly Script[];
}

export interface Plan {
  /** Of writes to the gateway, asked or not: each is an input. */
  readonly count: number;
  /** Ends earlier than `count`. */
  readonly untilMs?: number;
  readonly seed: number;
  /** Played first. */
  readonly corpus: readonly Script[];
  /** Whether it is waited, now and then, until all is at rest, to see what is left. */
  readonly rests: boolean;
  /** How many scripts are played at once. */
  readonly together?: number;
  readonly onFinding: (finding: Finding) => void;
}

export interface Result {
  readonly scripts: number;
  readonly inputs: number;
  readonly answers: number;
  /** Of what was played again alone. */
  readonly slowestMs: number;
  readonly growthBytes: number;
}

const defaultTogether = 128;
const inputsBetweenRests = 5000;
/** After so many the target is broken enough. */
const maxFindings = 10;
const restMs = 10_000;
/** How often a slow script is played again: the least counts. */
const tries = 5;

export async function fuzzConnections(target: ConnectionTarget, plan: Plan, world: World): Promise<Result> {
  const run = new Run(target, plan, world);
  const { together = target.together ?? defaultTogether } = plan;
  await run.judged([]);
  const rests: Rest[] = [];
  if (plan.rests) rests.push(await run.atRest(undefined));
  let next = rests.length === 0 ? Infinity : inputsBetweenRests;
  for (let at = 0; at < plan.corpus.length; at += together) await run.batch(plan.corpus.slice(at, at + together));
  for (let index = 0; !run.isOver(); index += together) {
    const scripts = Array.from({ length: together }, (_, at) => target.script(randomOf(plan.seed, index + at)));
    await run.batch(scripts);
    if (run.inputs < next) continue;
    next = run.inputs + inputsBetweenRests;
    rests.push(await run.atRest(rests[0]));
  }
  if (plan.rests) rests.push(await run.atRest(rests[0]));
  for (const fault of growth(rests)) run.found(fault, []);
  return {
    scripts: run.scripts,
    inputs: run.inputs,
    answers: run.answers,
    slowestMs: run.slowestMs,
    growthBytes: growthOf(rests),
  };
}

/** Plays scripts one after the other and tells what is to be said against them. */
export async function replay(scripts: readonly Script[], world: World): Promise<readonly Fault[]> {
  const faults: Fault[] = [];
  const run = new Run({ name: 'replay' }, { onFinding: (fault) => faults.push(fault) }, world);
  for (const script of scripts) for (const fault of await run.alone(script)) faults.push(fault);
  return faults;
}

class Run {
  scripts = 0;
  inputs = 0;
  answers = 0;
  slowestMs = 0;
  private readonly known = new Set<string>();
  private readonly target: Pick<ConnectionTarget, 'name'>;
  private readonly plan: Pick<Plan, 'onFinding'> & Partial<Plan>;
  private readonly world: World;

  constructor(target: Pick<ConnectionTarget, 'name'>, plan: Run['plan'], world: World) {
    this.target = target;
    this.plan = plan;
    this.world = world;
  }

  isOver(): boolean {
    const { count = 0, untilMs = Infinity } = this.plan;
    return this.inputs >= count || Date.now() >= untilMs || this.known.size >= maxFindings;
  }

  async batch(scripts: readonly Script[]): Promise<void> {
    const all = await Promise.all(scripts.map((script) => this.play(script)));
    for (const [at, { faults, answers, said }] of all.entries()) {
      this.answers += answers.length;
      this.inputs += said;
      for (const text of faults) this.found({ kind: 'wrong answer', text }, scripts.slice(at, at + 1));
    }
    this.scripts += scripts.length;
    for (const { steps } of scripts)
      for (const step of steps) if (step.kind === 'send') this.inputs += step.pieces.length;
    this.world.forget();
    await this.judged(scripts);
  }

  /** Looks at the gateway; whoever of these is to blame is found by playing fewer and fewer of them again. */
  async judged(scripts: readonly Script[]): Promise<void> {
    const faults = faultsOf(await this.look());
    if (faults.length === 0) return;
    const suspects = await this.suspects(scripts, new Set(faults.map(({ kind }) => kind)));
    const [script, ...others] = suspects;
    // Time proves nothing where others play as well.
    for (const fault of faults) if (fault.kind !== 'too slow') this.found(fault, suspects);
    if (script && others.length === 0) for (const fault of await this.alone(script)) this.found(fault, suspects);
  }

  /** Half of them where that is enough for the same, and so on. */
  private async suspects(scripts: readonly Script[], kinds: ReadonlySet<FaultKind>): Promise<readonly Script[]> {
    if (scripts.length < 2) return scripts;
    const middle = scripts.length >> 1;
    for (const half of [scripts.slice(0, middle), scripts.slice(middle)]) {
      await Promise.all(half.map((script) => this.play(script)));
      if (faultsOf(await this.look()).some(({ kind }) => kinds.has(kind))) return this.suspects(half, kinds);
    }
    return scripts;
  }

  async alone(script: Script): Promise<readonly Fault[]> {
    await this.world.ask('held').catch(() => 0);
    const { faults } = await this.play(script);
    const look = await this.look();
    let { heldMs } = look;
    for (let again = 1; again < tries && heldMs > maxHeldMs && look.runs; again++) {
      await this.world.ask('held');
      await this.play(script);
      heldMs = Math.min(heldMs, await this.world.ask('held'));
    }
    this.slowestMs = Math.max(this.slowestMs, heldMs);
    return [...faultsOf({ ...look, heldMs }), ...faults.map((text): Fault => ({ kind: 'wrong answer', text }))];
  }

  /** When all connections are closed and all times have run out, what was should be. */
  async atRest(before: Rest | undefined): Promise<Rest> {
    const deadline = Date.now() + restMs;
    for (;;) {
      const gauges = await this.world.gauges();
      const left = leftOver(before, { gauges });
      if (left.length === 0 || Date.now() > deadline) {
        for (const fault of left) this.found(fault, []);
        return { gauges, heldBytes: await this.world.ask('memory') };
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  found(fault: Fault, scripts: readonly Script[]): void {
    const key = likeness(fault);
    if (this.known.has(key)) return;
    this.known.add(key);
    this.plan.onFinding({ ...fault, target: this.target.name, scripts });
  }

  /** One that has ended is started again: what comes after it is to be judged, too. */
  private async look(): Promise<Look> {
    const look = await lookAt(this.world);
    if (!look.runs) await this.world.gateway.start();
    return look;
  }

  private play(script: Script): Promise<Played> {
    return play(script, stageFor(this.world));
  }
}

/** What two findings of the same bug have in common: the event, not its time and numbers. */
function likeness({ kind, text }: Fault): string {
  const told = /"event":.*/.exec(text)?.[0] ?? text;
  return `${kind} ${told.replace(/[0-9a-f]{6,}|\d+/g, '#').slice(0, 250)}`;
}
