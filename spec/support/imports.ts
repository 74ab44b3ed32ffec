/** The imports of the sources, read from the TypeScript syntax tree. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import ts from 'typescript';

export interface Import {
  /** From lib/, without extension: `wire/cpim`. */
  readonly file: string;
  /** From lib/ as well, or a package's name. */
  readonly target: string;
  readonly kind: 'inside' | 'package' | 'outside';
  /** Nothing of it is left in the compiled output. */
  readonly typeOnly: boolean;
}

/** All imports, exports from elsewhere and dynamic imports of the sources below `folder`. */
export function readImports(folder: string): readonly Import[] {
  return sources(folder).flatMap((file) => importsOf(file, readFileSync(join(folder, file), 'utf8')));
}

/** Relative to `folder`, with `/`. */
export function sources(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => name.endsWith('.ts'))
    .sort();
}

export function importsOf(file: string, text: string): readonly Import[] {
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, typeOnly: boolean): void => {
    if (specifier && ts.isStringLiteralLike(specifier))
      found.push({ file: withoutExtension(file), typeOnly, ...resolve(file, specifier.text) });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isTypeOnlyImport(node));
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, isTypeOnlyExport(node));
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, true);
    else if (ts.isCallExpression(node) && isLoading(node)) add(node.arguments[0], false);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, false, ts.ScriptKind.TS));
  return found;
}

function isTypeOnlyImport({ importClause }: ts.ImportDeclaration): boolean {
  if (!importClause) return false;
  if (importClause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const { name, namedBindings } = importClause;
  return (
    !name &&
    !!namedBindings &&
    ts.isNamedImports(namedBindings) &&
    namedBindings.elements.length > 0 &&
    namedBindings.elements.every((element) => element.isTypeOnly)
  );
}

function isTypeOnlyExport({ isTypeOnly, exportClause }: ts.ExportDeclaration): boolean {
  return (
    isTypeOnly ||
    (!!exportClause && ts.isNamedExports(exportClause) && exportClause.elements.every((element) => element.isTypeOnly))
  );
}

/** `import(…)` and `require(…)`. */
function isLoading({ expression }: ts.CallExpression): boolean {
  return (
    expression.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(expression) && expression.text === 'require')
  );
}

function resolve(file: string, specifier: string): Pick<Import, 'target' | 'kind'> {
  if (!specifier.startsWith('.')) return { target: packageName(specifier), kind: 'package' };
  const target = withoutExtension(posix.normalize(posix.join(posix.dirname(file), specifier)));
  return { target, kind: target.startsWith('..') ? 'outside' : 'inside' };
}

/** `ajv/dist/2020.js` → `ajv`, `@a/b/c` → `@a/b`, `node:fs/promises` → `node:fs`. */
function packageName(specifier: string): string {
  const parts = specifier.split('/');
  return parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}

function withoutExtension(path: string): string {
  return path.replace(/\.[jt]s$/, '');
}
