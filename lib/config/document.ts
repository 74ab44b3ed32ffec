/** One file of the configuration: YAML 1.2 (or JSON, which is YAML) to a tree that knows its line numbers. */
import { readFileSync, statSync } from 'node:fs';
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type Node,
  type YAMLError,
} from 'yaml';
import { ConfigError } from './config-error.js';
import { isTree, type Path, type Tree } from './path.js';

export interface ConfigDocument {
  readonly name: string;
  readonly tree: Tree;
  /** Line of the key at `path`, or of the nearest one above it that is written here; undefined: not even its first step. */
  lineOf(path: Path): number | undefined;
}

/** Above it a file is a mistake, not a configuration. */
const maxFileBytes = 16 * 1024 * 1024;

/** Throws ConfigError where the file cannot be read, is not well-formed, or has a key twice. */
export function readDocument(name: string): ConfigDocument {
  return parseConfigDocument(name, readText(name));
}

export function parseConfigDocument(name: string, text: string): ConfigDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const findings = [...document.errors, ...document.warnings];
  if (findings.length > 0)
    throw new ConfigError(findings.map((error) => `${name}:${lineOf(error, lines)}: ${words(error, text)}`));
  return { name, tree: treeOf(name, document), lineOf: (path) => lineOfPath(document, lines, path) };
}

function readText(name: string): string {
  try {
    if (statSync(name).size > maxFileBytes) throw new ConfigError([`${name}: larger than ${maxFileBytes} bytes`]);
    return readFileSync(name, 'utf8');
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError([`${name}: cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`]);
  }
}

function treeOf(name: string, document: Document): Tree {
  let tree: unknown;
  try {
    tree = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new ConfigError([`${name}:1: ${error instanceof Error ? error.message : String(error)}`]);
  }
  if (tree === null) return {};
  if (!isTree(tree)) throw new ConfigError([`${name}:1: must be a map of keys`]);
  return tree;
}

function lineOf(error: YAMLError, lines: LineCounter): number {
  return lines.linePos(error.pos[0]).line;
}

function words(error: YAMLError, text: string): string {
  if (error.code === 'DUPLICATE_KEY')
    return `${/^[^\s:,}]{1,80}/.exec(text.slice(error.pos[0]))?.[0] ?? 'key'}: duplicate key`;
  return error.message.split('\n')[0] ?? error.message;
}

function lineOfPath(document: Document, lines: LineCounter, path: Path): number | undefined {
  let node: Node | null | undefined = document.contents;
  let line: number | undefined;
  for (const step of path) {
    const found = member(isAlias(node) ? node.resolve(document) : node, step);
    if (found === undefined) break;
    line = lines.linePos(found.offset).line;
    node = found.value;
  }
  return line;
}

function member(
  node: Node | null | undefined,
  step: string | number,
): { offset: number; value: Node | null } | undefined {
  if (isMap<Node, Node | null>(node)) {
    const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
    return pair && { offset: pair.key.range?.[0] ?? 0, value: pair.value };
  }
  if (!isSeq<Node>(node)) return undefined;
  const item = node.items[Number(step)];
  return item && { offset: item.range?.[0] ?? 0, value: item };
}
