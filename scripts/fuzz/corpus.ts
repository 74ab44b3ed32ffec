/** The good inputs of a target: its own, those of spec/fixtures/, and what earlier runs found worth keeping. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Target } from './target.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const fixtures = join(root, 'spec', 'fixtures');
/** One folder for each target, one input in each file. */
const kept = join(root, 'scripts', 'fuzz', 'corpus');
/** Inputs that broke a promise; not kept with the sources. */
const findings = join(root, 'data', 'fuzz');

export function corpusOf(target: Target): readonly Buffer[] {
  const named = target.fixtures.flatMap((name) =>
    name.endsWith('#') ? linesOf(join(fixtures, name.slice(0, -1))) : filesOf(join(fixtures, name)),
  );
  return [...target.seeds.map((seed) => Buffer.from(seed)), ...named, ...keptOf(target.name)];
}

/** What earlier runs of a target found worth keeping. */
export function keptOf(name: string): readonly Buffer[] {
  return filesOf(join(kept, name));
}

function filesOf(path: string): readonly Buffer[] {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [readFileSync(path)];
  return readdirSync(path)
    .sort()
    .filter((name) => name !== 'README.md')
    .flatMap((name) => filesOf(join(path, name)));
}

function linesOf(path: string): readonly Buffer[] {
  return filesOf(path).flatMap((file) =>
    file
      .toString('latin1')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => Buffer.from(line.split(' => ')[0] ?? '', 'latin1')),
  );
}

/** Of a finding; its path. */
export function writeFinding(target: string, input: Buffer): string {
  return write(join(findings, target), input);
}

/** So that later runs begin with it. */
export function keep(target: string, input: Buffer): string {
  return write(join(kept, target), input);
}

function write(folder: string, input: Buffer): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, createHash('sha256').update(input).digest('hex').slice(0, 12));
  writeFileSync(path, input);
  return path;
}
