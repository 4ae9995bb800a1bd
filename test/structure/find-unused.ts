import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import ts from 'typescript';

/** A name that no file of the product needs but the one that declares it. */
export interface UnusedName {
  readonly path: string;
  readonly name: string;
  /** Whether a test says it. */
  readonly inTests: boolean;
}

/** What other people import: nobody here has to. */
const PUBLIC = /^src\/(index\.ts|plugin-api\/[^/]+\.ts)$|\.generated\.ts$|\.d\.ts$/;

/**
 * Finds exported names and members of classes that no file of `src` and `plugins` says, or only the file that declares them. Goes by
 * the name alone, so a name that means two things counts as used; and a member that only a library calls counts as unused.
 */
export function findUnused(root: string): UnusedName[] {
  const product = readTrees(root, ['src', 'plugins']);
  const inProduct = filesByName(product);
  const inTests = filesByName(readTrees(root, ['test']));
  return [...product].flatMap(([path, tree]) =>
    PUBLIC.test(path)
      ? []
      : declaredNames(tree)
          .filter((name) => inProduct.get(name)?.size === 1 && isSaidOnce(tree, name))
          .map((name) => ({ path, name, inTests: inTests.has(name) })),
  );
}

function readTrees(root: string, folders: readonly string[]): Map<string, ts.SourceFile> {
  const paths = folders
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'));
  return new Map(
    paths.sort().map((path) => {
      const text = readFileSync(join(root, path), 'utf8');
      return [path, ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true)];
    }),
  );
}

function filesByName(trees: ReadonlyMap<string, ts.SourceFile>): Map<string, Set<string>> {
  const files = new Map<string, Set<string>>();
  for (const [path, tree] of trees)
    for (const name of identifiersOf(tree)) {
      const known = files.get(name) ?? new Set<string>();
      files.set(name, known.add(path));
    }
  return files;
}

function identifiersOf(tree: ts.SourceFile): string[] {
  const names: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) names.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return names;
}

function isSaidOnce(tree: ts.SourceFile, name: string): boolean {
  return identifiersOf(tree).filter((other) => other === name).length === 1;
}

/** The names that a module exports, and the public members of its classes. */
function declaredNames(tree: ts.SourceFile): string[] {
  return tree.statements.flatMap((statement) => [
    ...(isExported(statement) ? namesOf(statement) : []),
    ...(ts.isClassDeclaration(statement)
      ? statement.members.flatMap(({ name }) =>
          name !== undefined && ts.isIdentifier(name) ? [name.text] : [],
        )
      : []),
  ]);
}

function isExported(statement: ts.Statement): boolean {
  const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
  return modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false;
}

function namesOf(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.flatMap(({ name }) =>
      ts.isIdentifier(name) ? [name.text] : [],
    );
  const isNamed =
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement);
  return isNamed && statement.name !== undefined ? [statement.name.text] : [];
}
