/** What Prometheus is asked, held against the metrics that there are; and promtool, where it is installed. */
import { spawnSync } from 'node:child_process';
import { createMetrics } from '../../lib/metrics.js';
import { metricTable } from '../../lib/metrics/table.js';
import { silentLog } from './silent.js';

export interface Asked {
  readonly name: string;
  /** Those that it is narrowed by. */
  readonly labels: readonly string[];
}

/** Prometheus itself gives them to all that it scrapes. */
const given = ['instance', 'job'];
/** Not in what the process tells of itself before the first collection. */
const collected = { nodejs_gc_duration_seconds: ['kind'] };

/** Every metric as it is asked for, with its labels: those of the gateway and those of the process. */
export async function askableMetrics(): Promise<ReadonlyMap<string, readonly string[]>> {
  const text = await createMetrics({ log: silentLog, process: true }).expose();
  const ofTable = Object.entries(metricTable).map(([name, { labels }]) => [`iwf_${name}`, labels ?? []] as const);
  const known = new Map<string, readonly string[]>([...ofTable, ...Object.entries(collected)]);
  const found = new Map<string, readonly string[]>([['up', given]]);
  for (const [, name = '', type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    const labels = [...given, ...(known.get(name) ?? known.get(name.replace(/_total$/, '')) ?? [])];
    if (type !== 'histogram') found.set(name, labels);
    else for (const end of ['bucket', 'sum', 'count']) found.set(`${name}_${end}`, [...labels, 'le']);
  }
  return found;
}

/** Without what histograms add: a family is asked for by any of the three. */
export function familyOf(name: string): string {
  return name.replace(/_(?:bucket|sum|count)$/, '');
}

/** The metrics of an expression: each word that is no function, no keyword, no label and no time. */
export function askedOf(expr: string): readonly Asked[] {
  const bare = expr
    .replace(/"[^"]*"/g, '""')
    .replace(/\b(?:by|on|ignoring|without) \([^)]*\)/g, '')
    .replace(/\[[^\]]*\]|\boffset \w+/g, '');
  const words = bare.matchAll(/\b([a-z_]\w*)\b(?!\s*\()(?:\{([^}]*)\})?/gi);
  return [...words].flatMap(([, name = '', matchers = '']) => {
    if (/^(?:and|or|unless|bool)$/.test(name)) return [];
    return [{ name, labels: [...matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label]) => label!) }];
  });
}

/** Labels that what comes out may have; undefined: nothing is summed, and it has those of its metrics. */
export function groupedBy(expr: string): readonly string[] | undefined {
  const groups = [...expr.matchAll(/\bby \(([^)]*)\)/g)].map(([, list]) => list!.split(', '));
  if (groups.length > 0) return groups.flat();
  return /\bsum\b/.test(expr) ? [] : undefined;
}

/** Labels that `label_replace` makes, and those that it makes them of. */
export function replacedIn(expr: string): readonly { readonly made: string; readonly of: string }[] {
  return [...expr.matchAll(/, "(\w+)", "[^"]*", "(\w+)", "[^"]*"\)/g)].map(([, made, of]) => ({
    made: made!,
    of: of!,
  }));
}

/** Whether it is there; says so where it is not. */
export function hasPromtool(): boolean {
  if (spawnSync('promtool', ['--version']).error === undefined) return true;
  console.log('      promtool is not installed (Debian: prometheus): whether it reads the expressions is skipped');
  return false;
}

/** What promtool has against a file of rules; empty where it reads every expression. */
export function faultsOf(rulesFile: string): string {
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'rules', rulesFile], { encoding: 'utf8' });
  return status === 0 ? '' : `${stdout}${stderr}`;
}
