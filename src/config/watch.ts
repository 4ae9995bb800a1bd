import { basename, dirname, resolve } from 'node:path';
import type { FSWatcher } from 'chokidar';
import { watch } from 'chokidar';
import { directoryIdentity, fingerprint } from './content-fingerprint.ts';

export interface WatchOptions {
  /** The file is read when nothing happened to it for so long. */
  readonly debounceMs: number;
  /**
   * The file settled on content that differs from what was seen last. `hash` is that of the load.
   * Not called for a file that is missing or empty. Must not throw.
   */
  readonly onChange: (hash: string) => void;
  /** How often the file is looked at without being told to. Default: 2000. */
  readonly pollIntervalMs?: number;
  /** Hash of the content that is in use, so that no edit is lost between the load and the watch. Default: what is there now. */
  readonly knownHash?: string;
}

export interface ConfigFileWatch {
  /** Resolves when every edit from now on is noticed. */
  readonly ready: Promise<void>;
  /** Stops watching; `onChange` is not called any more once this was called. */
  close(): Promise<void>;
}

/** For how long size and times of a file must stay the same before its content counts. */
const SETTLE_MS = 50;
const DEFAULT_POLL_INTERVAL_MS = 2000;

/**
 * Follows edits of a file, however they are made: written in place, renamed over it, or by swapping a symlink
 * on the way to it. The file system's events are only a hint to look; what counts is the content.
 */
export function watchConfigFile(file: string, options: WatchOptions): ConfigFileWatch {
  return new FileWatch(file, options);
}

class FileWatch implements ConfigFileWatch {
  readonly ready: Promise<void>;
  readonly #file: string;
  readonly #directory: string;
  readonly #options: WatchOptions;
  readonly #poll: NodeJS.Timeout;
  #watcher: FSWatcher | undefined;
  #watchedDirectory: string | undefined;
  #lookTimer: NodeJS.Timeout | undefined;
  /** Looks run one after the other. */
  #looks: Promise<void>;
  #seenHash: string | undefined;
  /** The stamp of content that is new but may still be growing. */
  #settling: string | undefined;
  #closed = false;

  constructor(file: string, options: WatchOptions) {
    this.#file = resolve(file);
    this.#directory = dirname(this.#file);
    this.#options = options;
    this.ready = this.#start();
    this.#looks = this.ready;
    this.#poll = setInterval(() => this.#enqueue(), options.pollIntervalMs ?? DEFAULT_POLL_INTERVAL_MS);
    this.#poll.unref();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#poll);
    clearTimeout(this.#lookTimer);
    await this.#looks;
    await this.#watcher?.close();
  }

  async #start(): Promise<void> {
    this.#seenHash = this.#options.knownHash ?? (await fingerprint(this.#file))?.hash;
    await this.#watchDirectory();
    // An edit between the load and now gave no event.
    this.#lookIn(this.#options.debounceMs);
  }

  /** Watches the directory, as the file itself may be replaced. Starts again when the directory was. */
  async #watchDirectory(): Promise<void> {
    const identity = await directoryIdentity(this.#directory);
    if (identity === this.#watchedDirectory) return;
    this.#watchedDirectory = identity;
    await this.#watcher?.close();
    this.#watcher = undefined;
    if (identity === undefined || this.#closed) return;
    const watcher = watch(this.#directory, {
      depth: 0,
      ignoreInitial: true,
      ignored: (path) => !this.#concerns(path),
    });
    this.#watcher = watcher;
    watcher.on('all', () => this.#lookIn(this.#options.debounceMs));
    await new Promise<void>((started) => {
      watcher.once('ready', started);
      // Too many watches, for one: looking every now and then has to do.
      watcher.on('error', () => started());
    });
  }

  /** The file, its directory, and the hidden links that a mounted ConfigMap swaps. */
  #concerns(path: string): boolean {
    const absolute = resolve(path);
    return absolute === this.#directory || absolute === this.#file || basename(absolute).startsWith('..');
  }

  #lookIn(delayMs: number): void {
    if (this.#closed) return;
    clearTimeout(this.#lookTimer);
    this.#lookTimer = setTimeout(() => this.#enqueue(), delayMs);
  }

  #enqueue(): void {
    this.#looks = this.#looks.then(() => this.#look());
  }

  async #look(): Promise<void> {
    if (this.#closed) return;
    await this.#watchDirectory();
    const content = await fingerprint(this.#file);
    if (this.#isClosed()) return;
    if (content === undefined || content.hash === this.#seenHash) {
      this.#settling = undefined;
      return;
    }
    const identity = `${content.stamp} ${content.hash}`;
    if (identity !== this.#settling) {
      this.#settling = identity;
      this.#lookIn(Math.max(SETTLE_MS, this.#options.debounceMs));
      return;
    }
    this.#settling = undefined;
    this.#seenHash = content.hash;
    this.#options.onChange(content.hash);
  }

  /** Asked after an await, when `close` may have been called. */
  #isClosed(): boolean {
    return this.#closed;
  }
}
