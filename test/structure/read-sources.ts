import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';
import ts from 'typescript';

/** One TypeScript file of the product. */
export interface SourceFile {
  /** Relative to the checkout, with slashes: `src/net/tunnel.ts`. */
  readonly path: string;
  /** Its folder. A file that stands in `src` itself is a room of its own, so it is named with its whole path. */
  readonly room: string;
  /** Written by `npm run generate`. Its length says nothing about how well it can be read. */
  readonly isGenerated: boolean;
  readonly lines: number;
  readonly imports: readonly Import[];
  readonly functions: readonly FunctionLength[];
}

/** One file that another one names. */
export interface Import {
  /** Relative to the checkout: `src/net/tunnel.ts`. */
  readonly path: string;
  /** Whether the compiler removes the import, because only types are taken. */
  readonly isTypeOnly: boolean;
}

export interface FunctionLength {
  readonly name: string;
  /** Where it begins, counted from 1. */
  readonly line: number;
  readonly lines: number;
}

const PRODUCT_FOLDERS = ['src', 'plugins'];

/** Reads every TypeScript file of `src` and `plugins` in the checkout at `root`. */
export function readSources(root: string): SourceFile[] {
  const paths = PRODUCT_FOLDERS.filter((folder) => existsSync(join(root, folder))).flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/')),
  );
  return paths.sort().map((path) => readSource(root, path));
}

/** The folder of a file; the file itself where it stands at the top, such as `src/errors.ts`. */
export function roomOf(path: string): string {
  const folder = posix.dirname(path);
  return PRODUCT_FOLDERS.includes(folder) ? path : folder;
}

function readSource(root: string, path: string): SourceFile {
  const text = readFileSync(join(root, path), 'utf8');
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
  return {
    path,
    room: roomOf(path),
    isGenerated: path.endsWith('.generated.ts') || path.endsWith('.d.ts'),
    lines: text.split('\n').length - (text.endsWith('\n') ? 1 : 0),
    imports: importsOf(tree, path),
    functions: functionsOf(tree),
  };
}

function importsOf(tree: ts.SourceFile, path: string): Import[] {
  const imports = new Map<string, Import>();
  const add = (specifier: ts.Node | undefined, isTypeOnly: boolean): void => {
    if (specifier === undefined || !ts.isStringLiteral(specifier) || !specifier.text.startsWith('.')) return;
    const target = posix.join(posix.dirname(path), specifier.text);
    const known = imports.get(target)?.isTypeOnly ?? true;
    imports.set(target, { path: target, isTypeOnly: isTypeOnly && known });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, takesTypesOnly(node));
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      add(node.argument.literal, true);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node.arguments[0], false);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return [...imports.values()];
}

function takesTypesOnly({ importClause }: ts.ImportDeclaration): boolean {
  if (importClause === undefined) return false;
  if (importClause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const { name, namedBindings } = importClause;
  if (name !== undefined || namedBindings === undefined || !ts.isNamedImports(namedBindings)) return false;
  return namedBindings.elements.length > 0 && namedBindings.elements.every((element) => element.isTypeOnly);
}

function functionsOf(tree: ts.SourceFile): FunctionLength[] {
  const functions: FunctionLength[] = [];
  const lineOf = (position: number): number => tree.getLineAndCharacterOfPosition(position).line + 1;
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined) {
      const line = lineOf(node.getStart(tree));
      functions.push({ name: nameOf(node, tree), line, lines: lineOf(node.end) - line + 1 });
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return functions;
}

function nameOf(node: ts.SignatureDeclaration, tree: ts.SourceFile): string {
  if (ts.isConstructorDeclaration(node)) return 'constructor';
  if (node.name !== undefined) return node.name.getText(tree);
  const { parent } = node;
  if (ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent)) return parent.name.getText(tree);
  return '(unnamed)';
}
