import { extname, join, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The extension of this file, which the built-in plugins have too: `.js` when compiled, else `.ts`. */
const OWN_EXTENSION = extname(fileURLToPath(import.meta.url));
/** The protocols that come with the proxy. */
export const BUILT_IN: readonly string[] = ['tcp', 'http'];
/** The filters that come with the proxy, each a folder of `plugins/filters`. */
export const BUILT_IN_FILTERS: readonly string[] = ['address-list', 'compress', 'cors', 'security-headers'];
/** Where the built-in plugins are, compiled like this file. */
const OWN_DIRECTORY = fileURLToPath(new URL('../../../plugins/', import.meta.url));

/**
 * The address of the module of a built-in plugin. A compiled protocol is the one file that all of it was joined to (src/bundle.mjs); filters
 * are small.
 */
export function builtInUrl(name: string): string {
  if (BUILT_IN_FILTERS.includes(name))
    return pathToFileURL(join(OWN_DIRECTORY, 'filters', name, `index${OWN_EXTENSION}`)).href;
  const file = OWN_EXTENSION === '.ts' ? 'index.ts' : 'bundle.js';
  return pathToFileURL(join(OWN_DIRECTORY, name, file)).href;
}

/** The addresses of the modules with the rules of the built-in protocols about their options, by the names of the protocols. */
export function builtInRules(): Readonly<Record<string, string>> {
  const file = (name: string): string => join(OWN_DIRECTORY, name, 'config', `options-rules${OWN_EXTENSION}`);
  return Object.fromEntries(BUILT_IN.map((name) => [name, pathToFileURL(file(name)).href]));
}

/** The package's `plugins` folder, for plugins that users add; the sources of the built-in ones are there too. It need not exist. */
export function packageDirectory(): string {
  const compiled = OWN_DIRECTORY.endsWith(join('dist', 'plugins', sep));
  return compiled ? join(OWN_DIRECTORY, '..', '..', 'plugins', sep) : OWN_DIRECTORY;
}

/** Whether a folder holds the sources of built-in plugins, which are loaded by their names instead. */
export function isBuiltInFolder(path: string): boolean {
  return [...BUILT_IN, 'filters'].some((name) => resolve(path) === join(packageDirectory(), name));
}
