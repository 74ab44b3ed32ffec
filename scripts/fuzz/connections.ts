/** The targets that are whole connections, one after the other against one gateway. */
import { readFileSync } from 'node:fs';
import { fuzzConnections, replay, type Finding } from './connections/run.js';
import { parseScripts, printScripts, type Script } from './connections/script.js';
import type { ConnectionTarget } from './connections/targets.js';
import { startWorld, type World } from './connections/world.js';
import { keptOf, writeFinding } from './corpus.js';
import { endMs, type Tally, type Wish } from './wish.js';

export async function fuzzAllConnections(targets: readonly ConnectionTarget[], wish: Wish): Promise<Tally> {
  let inputs = 0;
  let findings = 0;
  const onFinding = ({ target, kind, text, scripts }: Finding): void => {
    findings++;
    const path = writeFinding(target, Buffer.from(printScripts(scripts)));
    process.stdout.write(`FOUND ${target}: ${kind}: ${text}\n      ${path}\n`);
  };
  for (const secure of [false, true]) {
    const some = targets.filter((target) => (target.secure ?? false) === secure);
    if (some.length > 0) await within(secure, some);
  }
  return { inputs, findings };

  async function within(secure: boolean, some: readonly ConnectionTarget[]): Promise<void> {
    const world = await startWorld({ secure });
    try {
      for (const target of some) await fuzzOne(target, world);
    } finally {
      await world.close();
    }
  }

  async function fuzzOne(target: ConnectionTarget, world: World): Promise<void> {
    const from = Date.now();
    const corpus = scriptsOf(target);
    const plan = { count: wish.count, untilMs: endMs(wish, from), seed: wish.seed, corpus, rests: true, onFinding };
    const result = await fuzzConnections(target, plan, world);
    inputs += result.inputs;
    const perSecond = Math.round((result.inputs * 1000) / (Date.now() - from + 1));
    const figures = `${result.scripts} scripts, ${result.answers} answers, left ${Math.round(result.growthBytes / 1024)} KiB`;
    process.stdout.write(
      `${target.name.padEnd(20)}${String(result.inputs).padStart(9)} inputs ${String(perSecond).padStart(7)}/s, ${figures}\n`,
    );
  }
}

/** Whether nothing is to be said against them. */
export async function replayScripts(
  file: string,
  { secure = false }: Pick<ConnectionTarget, 'secure'>,
): Promise<boolean> {
  const scripts = parseScripts(readFileSync(file, 'utf8'));
  const world = await startWorld({ secure });
  try {
    const faults = await replay(scripts, world);
    for (const { kind, text } of faults) process.stdout.write(`BROKEN: ${kind}: ${text}\n`);
    process.stdout.write(`${scripts.length} scripts, ${faults.length} faults\n`);
    return faults.length === 0;
  } finally {
    await world.close();
  }
}

/** What once broke something. */
export function scriptsOf({ name }: Pick<ConnectionTarget, 'name'>): readonly Script[] {
  return keptOf(name).flatMap((file) => parseScripts(file.toString('utf8')));
}
