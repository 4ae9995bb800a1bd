import { lstat, readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { messageOf, systemCodeOf } from '../../errors.ts';
import { isBuiltInFolder, packageDirectory } from './own-plugins.ts';
import { pluginEntry } from './plugin-entry.ts';
import { isModule, whyNoModule } from './plugin-file-kind.ts';

/** Where a plugin of a plugins folder is. */
export interface PluginSource {
  /** The module to import. */
  readonly file: string;
  /** The plugin's own folder; undefined when the plugin is a single file. */
  readonly folder: string | undefined;
}

/** A path in a plugins folder, or the folder itself, that may look like a plugin but is none. */
export interface IgnoredPath {
  readonly path: string;
  readonly reason: string;
}

/** The contents of a plugins folder. */
export interface FolderContents {
  /** By name. */
  readonly sources: readonly PluginSource[];
  readonly ignored: readonly IgnoredPath[];
}

/** Finds the plugins of a folder, and the paths in it that are ignored with a reason. */
export async function findPlugins(directory: string): Promise<FolderContents> {
  const sources: PluginSource[] = [];
  const ignored: IgnoredPath[] = [];
  let names: readonly string[] = [];
  try {
    names = await readdir(directory);
  } catch (error) {
    // The package's own folder need not exist, because no config names it.
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

/** Whether a name never belongs to a plugin: hidden files, backup files of editors, and installed packages. */
export function isIgnoredName(name: string): boolean {
  return name.startsWith('.') || name.endsWith('~') || name === 'node_modules';
}

/** The plugin at a path, also through symbolic links, or the reason why there is none; undefined for a path that does not look like a plugin. */
async function pluginAt(path: string, name: string): Promise<PluginSource | string | undefined> {
  let found;
  try {
    found = await stat(path);
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT') return `it can't be read: ${messageOf(error)}`;
    // The path may have been removed since the folder was read.
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
