/** From files and environment to a configuration: default.yaml, the operator's file over it, the environment over both. */
import { fileURLToPath } from 'node:url';
import { check } from './checks.js';
import { complete, type CompleteConfig } from './complete.js';
import { ConfigError } from './config-error.js';
import { readDocument, type ConfigDocument } from './document.js';
import { readEnvironment, type Assignment, type Environment } from './environment.js';
import { overlay, printPath, valueAt, withValueAt, type Path } from './path.js';
import { validated, type Place } from './validate.js';

export interface ConfigSource {
  /** The operator's YAML or JSON file; absent: the environment alone. */
  readonly file?: string | undefined;
  /** Usually process.env. */
  readonly env: Environment;
}

/** Seen from dist/lib/config/. */
export const defaultFile = fileURLToPath(new URL('../../../config/default.yaml', import.meta.url));

let known: ConfigDocument | undefined;

/** Part of this version: read once. */
function defaults(): ConfigDocument {
  return (known ??= readDocument(defaultFile));
}

/** Throws ConfigError. */
export function loadWritten(source: ConfigSource): CompleteConfig {
  const documents = [defaults()];
  if (source.file !== undefined) documents.push(readDocument(source.file));
  const { assignments, errors } = readEnvironment(source.env);
  if (errors.length > 0) throw new ConfigError(errors);
  const place = placeIn(documents, assignments);
  const merged = documents.reduce<unknown>((tree, document) => overlay(tree, document.tree), {});
  const config = complete(validated(assign(merged, assignments), place));
  check(config, place);
  return config;
}

function assign(tree: unknown, assignments: readonly Assignment[]): unknown {
  return assignments.reduce((result, { variable, path, value }) => {
    // A gap in a list would be read as an empty member, far from the variable that made it.
    const gap = path.findIndex((step, at) => typeof step === 'number' && step > lengthAt(result, path.slice(0, at)));
    if (gap >= 0)
      throw new ConfigError([
        `environment ${variable}: ${printPath(path.slice(0, gap))} has no member before [${String(path[gap])}]`,
      ]);
    return withValueAt(result, path, value);
  }, tree);
}

function lengthAt(tree: unknown, path: Path): number {
  const value = valueAt(tree, path);
  return Array.isArray(value) ? value.length : 0;
}

/** The environment first, then the operator's file, then the defaults: the last word is to blame. */
function placeIn(documents: readonly ConfigDocument[], assignments: readonly Assignment[]): Place {
  const last = documents.length > 1 ? `${documents.at(-1)?.name ?? ''}:1` : 'no configuration file';
  return (path) => {
    const assigned = assignments.find((assignment) => startsWith(path, assignment.path));
    if (assigned) return `environment ${assigned.variable}`;
    for (const document of documents.toReversed()) {
      const line = document.lineOf(path);
      if (line !== undefined) return `${document.name}:${line}`;
    }
    const below = assignments.find((assignment) => startsWith(assignment.path, path) && path.length > 0);
    return below ? `environment ${below.variable}` : last;
  };
}

function startsWith(path: Path, head: Path): boolean {
  return head.every((step, at) => path[at] === step);
}
