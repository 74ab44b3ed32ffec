/** Where a program compares or looks up what it was given: read from its source. */
import ts from 'typescript';

const equality: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.EqualsEqualsToken,
  ts.SyntaxKind.EqualsEqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsToken,
  ts.SyntaxKind.ExclamationEqualsEqualsToken,
]);
/** Methods that compare octet by octet, or by a hash table. */
const comparing = /^(equals|compare|localeCompare|includes|indexOf|startsWith|endsWith|has|get)$/;

/** `a === b`, `list.includes(a)`, `map.get(a)` … whose operand has such a name; not `a === undefined`, nor lengths. */
export function comparisonsOf(text: string, name: RegExp): readonly string[] {
  const file = ts.createSourceFile('x.ts', text, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (isComparison(node, name)) found.push(node.getText(file).replaceAll(/\s+/g, ' '));
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function isComparison(node: ts.Node, name: RegExp): boolean {
  if (ts.isBinaryExpression(node) && equality.has(node.operatorToken.kind)) {
    const sides = [node.left, node.right];
    return !sides.some(isPlain) && sides.some((side) => isNamed(side, name));
  }
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return false;
  if (!comparing.test(node.expression.name.text)) return false;
  return node.arguments.some((argument) => !isPlain(argument) && isNamed(argument, name));
}

/** A constant, or a length: it tells nothing. */
function isPlain(node: ts.Expression): boolean {
  if (ts.isLiteralExpression(node) || (ts.isIdentifier(node) && node.text === 'undefined')) return true;
  return ts.isPropertyAccessExpression(node) && node.name.text === 'length';
}

function isNamed(node: ts.Node, name: RegExp): boolean {
  if (ts.isIdentifier(node) && name.test(node.text)) return true;
  return ts.forEachChild(node, (child) => isNamed(child, name) || undefined) ?? false;
}
