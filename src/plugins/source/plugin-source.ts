import { lstat, readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { messageOf, systemCodeOf } from '../../errors.ts';
import { isBuiltInFolder, packageDirectory } from './own-plugins.ts';
import { pluginEntry } from './plugin-entry.ts';
import { isModule, whyNoModule } from './plugin-file-kind.ts';

/** A plugin as it lies in a plugins folder. */
export interface PluginSource {
  /** The module to import. */
  readonly file: string;
  /** The folder that holds all of the plugin; undefined for one that is a single file. */
  readonly folder: string | undefined;
}

/** Something in a plugins folder, or the folder itself, that somebody may take for a plugin and that is none. */
export interface IgnoredPath {
  readonly path: string;
  readonly reason: string;
}

/** What lies in a plugins folder. */
export interface FolderContents {
  /** By name. */
  readonly sources: readonly PluginSource[];
  readonly ignored: readonly IgnoredPath[];
}

/** The plugins of a folder, and what is passed over in it. */
export async function findPlugins(directory: string): Promise<FolderContents> {
  const sources: PluginSource[] = [];
  const ignored: IgnoredPath[] = [];
  let names: readonly string[] = [];
  try {
    names = await readdir(directory);
  } catch (error) {
    // The package's own folder need not be there, as nobody asked for it.
    if (resolve(directory) !== resolve(packageDirectory()))
      ignored.push({ path: directory, reason: whyNoFolder(error) });
  }
  for (const name of names.filter((each) => !isIgnoredName(each)).sort()) {
    const path = join(directory, name);
    const found = await pluginAt(path, name);
    if (typeof found === 'string') ignored.push({ path, reason: found });
    else if (found !== undefined) sources.push(found);
  }
  return { sources, ignored };
}

/** What never belongs to a plugin: hidden files, what editors leave beside a file, and installed packages. */
export function isIgnoredName(name: string): boolean {
  return name.startsWith('.') || name.endsWith('~') || name === 'node_modules';
}

/** The plugin that a path leads to, over links as well, or why there is none; undefined for what nobody takes for one. */
async function pluginAt(path: string, name: string): Promise<PluginSource | string | undefined> {
  let found;
  try {
    found = await stat(path);
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT') return `it can't be read: ${messageOf(error)}`;
    // It may be gone since the folder was read.
    return (await lstat(path).catch(() => undefined)) === undefined
      ? undefined
      : 'it is a link that leads nowhere';
  }
  if (found.isFile()) return isModule(name) ? { file: path, folder: undefined } : whyNoModule(name);
  if (!found.isDirectory() || isBuiltInFolder(path)) return undefined;
  const entry = await pluginEntry(path);
  return 'file' in entry ? { file: entry.file, folder: path } : entry.reason;
}

function whyNoFolder(error: unknown): string {
  switch (systemCodeOf(error)) {
    case 'ENOENT':
      return 'the folder does not exist: plugins are loaded as soon as it does';
    case 'ENOTDIR':
      return 'it is no folder: plugins.directory names the folder that plugins lie in';
    default:
      return `the folder can't be read: ${messageOf(error)}`;
  }
}
