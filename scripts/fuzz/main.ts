/**
 * `npm run fuzz -- [target …] [count|seconds] [seed]`: hostile inputs for every parser, and hostile sequences for whole
 * connections (`connection-…`) and for peers that the gateway calls (`called-…`), under TLS (`tls-…`), `1000000` of them or `60s` long for each target; the same seed makes the same inputs.
 * `--parsers`, `--connections`: these alone. `--guided`: those that reach new code of a parser are changed further, and
 * written to scripts/fuzz/corpus/. `--replay TARGET FILE`: one finding again. Exit 1 where a promise was broken.
 */
import { fuzzAllConnections, replayScripts } from './connections.js';
import { connectionTargets } from './connections/targets.js';
import { fuzzParsers, replayInput } from './parsers.js';
import { targets } from './targets.js';
import { wishOf } from './wish.js';

const args = process.argv.slice(2);
const names = [...targets, ...connectionTargets].map(({ name }) => name);

async function main(): Promise<boolean> {
  if (args[0] === '--replay') return replay(args.slice(1));
  const wish = wishOf(args);
  const chosen = <T extends { readonly name: string }>(all: readonly T[], other: string): readonly T[] =>
    args.includes(other) ? [] : all.filter(({ name }) => wish.names.length === 0 || wish.names.includes(name));
  process.stdout.write(`seed ${wish.seed}\n`);
  const parsers = fuzzParsers(chosen(targets, '--connections'), wish);
  const connections = await fuzzAllConnections(chosen(connectionTargets, '--parsers'), wish);
  const findings = parsers.findings + connections.findings;
  process.stdout.write(`${parsers.inputs + connections.inputs} inputs, ${findings} findings\n`);
  return findings === 0;
}

async function replay([name = '', file = '']: readonly string[]): Promise<boolean> {
  const target = targets.find((one) => one.name === name);
  if (target) return replayInput(target, file);
  const connection = connectionTargets.find((one) => one.name === name);
  if (connection) return replayScripts(file, connection);
  throw new Error(`no such target: ${name}`);
}

const unknown = args[0] === '--replay' ? [] : wishOf(args).names.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`no such target: ${unknown.join(' ')}; there are ${names.join(' ')}\n`);
  process.exitCode = 2;
} else if (!(await main())) process.exitCode = 1;
