import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** A plugin as it lies in a plugins folder. */
export interface PluginSource {
  /** The module to import. */
  readonly file: string;
  /** The folder that holds all of the plugin; undefined for one that is a single file. */
  readonly folder: string | undefined;
}

const MODULE = /\.m?js$/;
const INDEX_FILES = ['index.mjs', 'index.js'];

/** The plugins of a folder, by name. A folder that is missing holds none. */
export async function findPlugins(directory: string): Promise<readonly PluginSource[]> {
  const sources: PluginSource[] = [];
  for (const name of await namesIn(directory)) {
    const path = join(directory, name);
    const kind = await kindOf(path);
    if (kind === 'file' && MODULE.test(name)) sources.push({ file: path, folder: undefined });
    if (kind !== 'folder') continue;
    for (const index of INDEX_FILES) {
      if ((await kindOf(join(path, index))) !== 'file') continue;
      sources.push({ file: join(path, index), folder: path });
      break;
    }
  }
  return sources;
}

/** What never belongs to a plugin: hidden files, what editors leave beside a file, and installed packages. */
export function isIgnoredName(name: string): boolean {
  return name.startsWith('.') || name.endsWith('~') || name === 'node_modules';
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).filter((name) => !isIgnoredName(name)).sort();
  } catch {
    return [];
  }
}

/** What a path leads to, over links as well. */
async function kindOf(path: string): Promise<'file' | 'folder' | undefined> {
  try {
    const stats = await stat(path);
    if (stats.isDirectory()) return 'folder';
    return stats.isFile() ? 'file' : undefined;
  } catch {
    return undefined;
  }
}
