import { extname } from 'node:path';

const JAVASCRIPT: readonly string[] = ['.mjs', '.js', '.cjs'];
const TYPESCRIPT: readonly string[] = ['.mts', '.ts', '.cts'];
const DECLARATION = /\.d\.[cm]?ts$/;
/** Extensions of code that may look like a plugin although Node.js can't run it as one. */
const OTHER_CODE: ReadonlySet<string> = new Set(
  '.jsx .tsx .coffee .wasm .node .so .go .py .rb .lua .rs .php .java .c .cc .cpp'.split(' '),
);
const PACKED = /\.(?:tgz|tar|tar\.\w+|zip)$/;

/** Whether this runtime reads TypeScript by leaving the types out: Node.js does from 22.18 on. */
export function stripsTypes(): boolean {
  const way: unknown = Reflect.get(process.features, 'typescript');
  return way === 'strip' || way === 'transform';
}

/** The endings of files that this runtime can import, the preferred ones first. */
export function moduleExtensions(): readonly string[] {
  return stripsTypes() ? [...JAVASCRIPT, ...TYPESCRIPT] : JAVASCRIPT;
}

/** Whether a file is a module that can be imported, by its name. */
export function isModule(name: string): boolean {
  return moduleExtensions().includes(extname(name)) && !DECLARATION.test(name);
}

/** Why a file that looks like a plugin is none, judged by its name; undefined for documents, settings and the like. */
export function whyNoModule(name: string): string | undefined {
  if (DECLARATION.test(name)) return undefined;
  const extension = extname(name);
  if (TYPESCRIPT.includes(extension))
    return `Node.js ${process.versions.node} can't run TypeScript: use Node.js 22.18 or later, or compile the file to JavaScript`;
  if (PACKED.test(name)) return 'it is packed: unpack it into a folder';
  return OTHER_CODE.has(extension)
    ? `a plugin is a module that ends with ${moduleExtensions().join(', ')}, or a folder with one`
    : undefined;
}
