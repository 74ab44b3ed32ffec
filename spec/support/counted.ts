/** What the sources count: calls of `count('name', {…})` and `observe('name', value, {…})`, from the syntax tree. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { sources } from './imports.js';

export interface Counted {
  readonly file: string;
  readonly name: string;
  readonly call: 'count' | 'observe' | 'gauge';
  /** Names of labels as far as they are written out. */
  readonly labels: readonly string[];
  /** Values as far as they are written out, those that are chosen between among them. */
  readonly texts: readonly { readonly label: string; readonly value: string }[];
}

export function readCounted(folder: string): readonly Counted[] {
  return sources(folder).flatMap((file) => countedIn(file, readFileSync(join(folder, file), 'utf8')));
}

function countedIn(file: string, text: string): readonly Counted[] {
  if (!/\b(?:count|observe|gauge)\(/.test(text)) return [];
  const found: Counted[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) found.push(...read(file, node));
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, false, ts.ScriptKind.TS));
  return found;
}

/** A name may be chosen between two: `count(lost ? 'a_total' : 'b_total')`. */
function read(file: string, { expression, arguments: given }: ts.CallExpression): readonly Counted[] {
  const call = ts.isPropertyAccessExpression(expression)
    ? expression.name.text
    : ts.isIdentifier(expression)
      ? expression.text
      : '';
  if (call !== 'count' && call !== 'observe' && call !== 'gauge') return [];
  const objects = given.filter(ts.isObjectLiteralExpression);
  const labels = objects.flatMap(namesIn);
  const values = objects.flatMap(valuesIn);
  return texts(given[0]).map((name) => ({ file, name, call, labels, texts: values }));
}

function texts(node: ts.Expression | undefined): readonly string[] {
  if (!node) return [];
  if (ts.isConditionalExpression(node)) return [...texts(node.whenTrue), ...texts(node.whenFalse)];
  return ts.isStringLiteralLike(node) ? [node.text] : [];
}

function namesIn({ properties }: ts.ObjectLiteralExpression): readonly string[] {
  return properties.flatMap(({ name }) => (name && ts.isIdentifier(name) ? [name.text] : []));
}

function valuesIn({ properties }: ts.ObjectLiteralExpression): Counted['texts'] {
  return properties.flatMap((property) => {
    if (!ts.isPropertyAssignment(property) || !ts.isIdentifier(property.name)) return [];
    const label = property.name.text;
    return texts(property.initializer).map((value) => ({ label, value }));
  });
}
