import { watch, type FSWatcher } from 'chokidar';
import { dirname, resolve } from 'node:path';

import { directoryIdentity } from '../config/content-fingerprint.ts';
import { fingerprintOf, PluginContents, type FoundPlugin } from './plugin-contents.ts';
import { isIgnoredName, MODULE } from './plugin-source.ts';

export interface PluginWatchOptions {
  /** Folders with plugins. They need not be there. */
  readonly directories: readonly string[];
  /** The folders are read when nothing happened to them for so long. */
  readonly debounceMs: number;
  /** How often the folders are looked at without being told to. */
  readonly pollIntervalMs: number;
  /** The fingerprint of what is known already. */
  readonly known: () => string;
  /** The folders settled on something that is not known. Must not throw. */
  readonly onChange: () => void;
}

/** For how long nothing may change before it counts: a folder is copied file by file. */
const SETTLE_MS = 50;

/**
 * Follows what happens to plugins: files and folders that are added, written to, replaced, removed, or swapped by a link.
 * The file system's events are only a hint to look; what counts is the content.
 */
export class PluginWatch {
  /** Resolves when every change from now on is noticed. */
  readonly ready: Promise<void>;
  readonly #options: PluginWatchOptions;
  readonly #directories: ReadonlySet<string>;
  readonly #contents = new PluginContents();
  readonly #poll: NodeJS.Timeout;
  #watcher: FSWatcher | undefined;
  /** The folders that are watched, and which ones they are: another one may have taken the place. */
  #watched = '';
  #timer: NodeJS.Timeout | undefined;
  /** Looks run one after the other. */
  #looks: Promise<void>;
  /** Something new that may still be in the making. */
  #settling: string | undefined;
  #told: string | undefined;
  #closed = false;

  constructor(options: PluginWatchOptions) {
    this.#options = options;
    this.#directories = new Set(options.directories.map((directory) => resolve(directory)));
    this.ready = this.#look();
    this.#looks = this.ready;
    this.#poll = setInterval(() => {
      this.#enqueue();
    }, options.pollIntervalMs);
    this.#poll.unref();
  }

  /** Stops watching; `onChange` is not called any more once this was called. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#poll);
    clearTimeout(this.#timer);
    await this.#looks;
    await this.#watcher?.close();
  }

  #enqueue(): void {
    this.#looks = this.#looks.then(() => this.#look());
  }

  #lookIn(delayMs: number): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#enqueue();
    }, delayMs);
  }

  async #look(): Promise<void> {
    if (this.#closed) return;
    const found = await this.#contents.read(this.#options.directories);
    await this.#watchFolders(found);
    if (!this.#isClosed()) this.#judge(fingerprintOf(found));
  }

  #judge(fingerprint: string): void {
    const { debounceMs, known, onChange } = this.#options;
    if (fingerprint === known()) this.#told = undefined;
    // A reload that was asked for and has not looked yet need not be asked for again.
    if (fingerprint === known() || fingerprint === this.#told) {
      this.#settling = undefined;
      return;
    }
    if (fingerprint !== this.#settling) {
      this.#settling = fingerprint;
      this.#lookIn(Math.max(SETTLE_MS, debounceMs));
      return;
    }
    this.#settling = undefined;
    this.#told = fingerprint;
    onChange();
  }

  /** Watches folders only, as files may be replaced. Starts again when there are others. */
  async #watchFolders(found: readonly FoundPlugin[]): Promise<void> {
    const folders = [...this.#directories, ...found.flatMap((plugin) => plugin.folders)];
    const identities = await Promise.all(folders.map(directoryIdentity));
    const there = folders.filter((_, index) => identities[index] !== undefined);
    const watched = JSON.stringify(folders.map((folder, index) => [folder, identities[index]]));
    if (watched === this.#watched || this.#closed) return;
    this.#watched = watched;
    await this.#watcher?.close();
    this.#watcher = undefined;
    if (there.length === 0) return;
    const watcher = watch(there, {
      depth: 0,
      ignoreInitial: true,
      ignored: (path, stats) => !this.#concerns(resolve(path), stats?.isFile() ?? false),
    });
    this.#watcher = watcher;
    watcher.on('all', () => {
      this.#lookIn(this.#options.debounceMs);
    });
    await new Promise<void>((started) => {
      watcher.once('ready', () => {
        started();
      });
      // Too many watches, for one: looking every now and then has to do.
      watcher.on('error', () => {
        started();
      });
    });
    // What happened before the watch began gave no event.
    this.#lookIn(this.#options.debounceMs);
  }

  /** Asked after an await, when `close` may have been called. */
  #isClosed(): boolean {
    return this.#closed;
  }

  /** Logs and the like may be written beside plugins all the time. A mounted ConfigMap swaps a link whose name starts with two dots. */
  #concerns(path: string, isFile: boolean): boolean {
    if (this.#directories.has(path)) return true;
    const name = path.slice(dirname(path).length + 1);
    if (name.startsWith('..')) return true;
    if (isIgnoredName(name)) return false;
    return !isFile || !this.#directories.has(dirname(path)) || MODULE.test(name);
  }
}
