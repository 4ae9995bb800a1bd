import { readFile, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';

import { messageOf, systemCodeOf } from '../../errors.ts';
import { isModule, moduleExtensions, whyNoModule } from './plugin-file-kind.ts';

/** Conditions of `exports` that an import by Node.js meets; `require` for packages that offer nothing else. */
const CONDITIONS: ReadonlySet<string> = new Set(['node', 'import', 'module-sync', 'default', 'require']);

/** The module that a plugin's folder begins with, or why there is none. */
export type PluginEntry = { readonly file: string } | { readonly reason: string };

/**
 * Finds the module of a plugin's folder: what `exports` or `main` of its package.json names, else its index file.
 *
 * Source: nodejs.org/api/packages.html, "Package entry points".
 */
export async function pluginEntry(folder: string): Promise<PluginEntry> {
  let named;
  try {
    named = await namedEntry(folder);
  } catch (error) {
    return { reason: `its package.json can't be used: ${messageOf(error)}` };
  }
  if (named !== undefined) return checkedEntry(folder, named);
  for (const extension of moduleExtensions()) {
    const file = join(folder, `index${extension}`);
    if (await isFile(file)) return { file };
  }
  for (const name of ['index.ts', 'index.mts', 'index.cts']) {
    const reason = (await isFile(join(folder, name))) ? whyNoModule(name) : undefined;
    if (reason !== undefined) return { reason: `${name}: ${reason}` };
  }
  const names = moduleExtensions().map((extension) => `index${extension}`);
  return { reason: `it has no ${names.join(', ')}, and no package.json with main or exports` };
}

/** What a package.json names, with the key that does; undefined when there is none, or none that names anything. */
async function namedEntry(
  folder: string,
): Promise<{ readonly key: string; readonly path: string } | undefined> {
  let text;
  try {
    text = await readFile(join(folder, 'package.json'), 'utf8');
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  const given: unknown = JSON.parse(text);
  const { exports, main } = (typeof given === 'object' && given !== null ? given : {}) as Record<
    string,
    unknown
  >;
  const exported = exportedPath(exports);
  if (exported !== undefined) return { key: 'exports', path: exported };
  if (exports !== undefined && exports !== null) throw new Error('its exports name no module for "."');
  return typeof main === 'string' && main !== '' ? { key: 'main', path: main } : undefined;
}

/** The first path that the conditions lead to. */
function exportedPath(target: unknown): string | undefined {
  if (typeof target === 'string') return target;
  if (Array.isArray(target)) return target.map(exportedPath).find((path) => path !== undefined);
  if (typeof target !== 'object' || target === null) return undefined;
  const entries = Object.entries(target);
  if ('.' in target) return exportedPath(target['.']);
  for (const [condition, value] of entries) {
    const path = CONDITIONS.has(condition) ? exportedPath(value) : undefined;
    if (path !== undefined) return path;
  }
  return undefined;
}

async function checkedEntry(
  folder: string,
  { key, path }: { readonly key: string; readonly path: string },
): Promise<PluginEntry> {
  const file = join(folder, path);
  const says = `${key} of its package.json names ${path}, which`;
  if (!file.startsWith(folder + sep) && file !== folder)
    return { reason: `${says} is outside of its folder` };
  if (file.slice(folder.length).includes(`${sep}node_modules${sep}`))
    return { reason: `${says} is in node_modules: a plugin's own modules lie in its own folder` };
  // `main` may leave out the ending, or name a folder.
  const tries = [file, ...moduleExtensions().flatMap((end) => [file + end, join(file, `index${end}`)])];
  for (const each of key === 'main' ? tries : [file]) {
    if (!(await isFile(each))) continue;
    if (isModule(each)) return { file: each };
    return { reason: `${says} is no module: ${whyNoModule(each) ?? 'its ending is unknown'}` };
  }
  return { reason: `${says} is not there` };
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
