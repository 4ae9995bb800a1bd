import { readFile, readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';

import { hashOf } from '../../config/files/read-config-file.ts';
import { messageOf, systemCodeOf } from '../../errors.ts';
import { findPlugins, isIgnoredName, type IgnoredPath, type PluginSource } from './plugin-source.ts';

/** A plugin of a folder, with the current state of its files. */
export interface FoundPlugin extends PluginSource {
  /** Hash of all its files. A different hash is a new state of the plugin. */
  readonly hash: string;
  /** All its folders; none for a single file. */
  readonly folders: readonly string[];
  /** Why the plugin can't be read; undefined when it can. */
  readonly fault: string | undefined;
}

/** The current contents of the plugin folders. */
export interface FoundPlugins {
  /** In the order of the folders and then by name. */
  readonly plugins: readonly FoundPlugin[];
  readonly ignored: readonly IgnoredPath[];
}

/** Far more than a protocol needs. With more files the plugin is probably in the wrong folder. */
const MAX_FILES = 2000;
const MAX_BYTES = 64 * 1024 * 1024;
/** File systems store times in steps of up to 2 s, so two writes within one step can't be told apart. */
const TIME_STEP_MS = 3000;

/** A file as it was read last. */
interface KnownFile {
  readonly stamp: string;
  readonly hash: string;
  readonly sizeBytes: number;
  /** False when the file is so new that another write might not change its stamp. */
  readonly settled: boolean;
}

/** Reads the plugin folders. A file that did not change since the last time is not read again. */
export class PluginContents {
  #known = new Map<string, KnownFile>();

  async read(directories: readonly string[]): Promise<FoundPlugins> {
    const reading = new Reading(this.#known);
    const plugins: FoundPlugin[] = [];
    const ignored: IgnoredPath[] = [];
    for (const directory of directories) {
      const contents = await findPlugins(directory);
      for (const source of contents.sources) plugins.push(await reading.plugin(source));
      ignored.push(...contents.ignored);
    }
    this.#known = reading.known;
    return { plugins, ignored };
  }

  /** A plugin whose place is known, in the current state of its files. */
  find(source: PluginSource): Promise<FoundPlugin> {
    return new Reading(this.#known).plugin(source);
  }

  /** Whether the files of a plugin are the same as when it was found. */
  async isStill(found: FoundPlugin): Promise<boolean> {
    return (await this.find(found)).hash === found.hash;
  }
}

/** One value for all contents: when it differs, something in the folders changed. */
export function fingerprintOf({ plugins, ignored }: FoundPlugins): string {
  const lines = [
    ...plugins.map(({ file, hash }) => `${file} ${hash}`),
    ...ignored.map(({ path, reason }) => `${path} ignored: ${reason}`),
  ];
  return hashOf(lines.join('\n'));
}

/** One look at the folders. */
class Reading {
  readonly known = new Map<string, KnownFile>();
  readonly #before: ReadonlyMap<string, KnownFile>;

  constructor(before: ReadonlyMap<string, KnownFile>) {
    this.#before = before;
  }

  async plugin(source: PluginSource): Promise<FoundPlugin> {
    const folders: string[] = [];
    try {
      const { file, folder } = source;
      const hash = folder === undefined ? (await this.#file(file)).hash : await this.#folder(folder, folders);
      const isEmpty = this.known.get(file)?.sizeBytes === 0;
      return { ...source, hash, folders, fault: isEmpty ? 'it is empty' : undefined };
    } catch (error) {
      const fault = systemCodeOf(error) === '' ? messageOf(error) : `it can't be read: ${messageOf(error)}`;
      return { ...source, hash: hashOf(fault), folders, fault };
    }
  }

  async #folder(folder: string, folders: string[]): Promise<string> {
    const lines: string[] = [];
    let sizeBytes = 0;
    for (const file of await filesBelow(folder, folders)) {
      const known = await this.#file(file);
      sizeBytes += known.sizeBytes;
      if (sizeBytes > MAX_BYTES) throw new Error(`it holds more than ${String(MAX_BYTES)} bytes`);
      lines.push(`${relative(folder, file)} ${known.hash}`);
    }
    return hashOf(lines.join('\n'));
  }

  async #file(file: string): Promise<KnownFile> {
    const { dev, ino, size, mtimeNs, ctimeNs, ctimeMs } = await stat(file, { bigint: true });
    if (size > BigInt(MAX_BYTES)) throw new Error(`it holds more than ${String(MAX_BYTES)} bytes`);
    const stamp = [dev, ino, size, mtimeNs, ctimeNs].join(':');
    let known = this.#before.get(file);
    if (known?.stamp !== stamp || !known.settled) {
      const settled = Date.now() - Number(ctimeMs) > TIME_STEP_MS;
      const content = await readFile(file);
      known = { stamp, hash: hashOf(content), sizeBytes: content.length, settled };
    }
    this.known.set(file, known);
    return known;
  }
}

/** All files of a plugin's folder; adds its folders to `folders`. A folder behind a symbolic link is not part of the plugin. */
async function filesBelow(folder: string, folders: string[]): Promise<string[]> {
  const files: string[] = [];
  const ahead = [folder];
  for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
    folders.push(next);
    for (const entry of await readdir(next, { withFileTypes: true })) {
      if (isIgnoredName(entry.name)) continue;
      const path = join(next, entry.name);
      if (entry.isDirectory()) ahead.push(path);
      else if (entry.isFile() || (await leadsToFile(path))) files.push(path);
      if (files.length > MAX_FILES) throw new Error(`it holds more than ${String(MAX_FILES)} files`);
    }
  }
  return files.sort();
}

async function leadsToFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
