import { join, resolve } from 'node:path';

import { DirectoryWatches } from '../config/watch/directory-watches.ts';
import { WatchTargets } from '../config/watch/watch-targets.ts';
import { fingerprintOf, PluginContents, type FoundPlugin } from './source/plugin-contents.ts';

export interface PluginWatchOptions {
  /** Folders with plugins. They need not exist. */
  readonly directories: readonly string[];
  /** The folders are read when nothing happened to them for this long. */
  readonly debounceMs: number;
  /** How often the folders are read even when the file system reports nothing. */
  readonly pollIntervalMs: number;
  /** Gives the fingerprint of the folders as the last reload saw them. */
  readonly known: () => string;
  /** Called when the folders have changed, and then stayed the same for a while. Must not throw. */
  readonly onChange: () => void;
}

/** How long nothing may change before a change counts, because a folder is copied file by file. */
const SETTLE_MS = 50;
/** The same when a plugin is gone, because it may be removed first and then replaced. */
const VANISHED_SETTLE_MS = 500;

/**
 * Follows what happens to plugins: files and folders that are added, written to, replaced, removed, or swapped by a link.
 * The file system's events are only a hint to look; what counts is the content.
 */
export class PluginWatch {
  /** Resolves when every change from now on is noticed. */
  readonly ready: Promise<void>;
  readonly #options: PluginWatchOptions;
  readonly #contents = new PluginContents();
  readonly #poll: NodeJS.Timeout;
  readonly #watches = new DirectoryWatches(() => {
    this.#lookIn(this.#options.debounceMs);
  });
  #timer: NodeJS.Timeout | undefined;
  /** Looks run one after the other. */
  #looks: Promise<void>;
  /** A new state that may still be changing, and until when it must stay the same. */
  #settling: { readonly fingerprint: string; readonly untilMs: number } | undefined;
  /** How many plugins the last look found. */
  #count = 0;
  #reported: string | undefined;
  #closed = false;

  constructor(options: PluginWatchOptions) {
    this.#options = options;
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
    await this.#watches.close();
  }

  #enqueue(): void {
    this.#looks = this.#looks.then(() => this.#look());
  }

  #lookIn(delayMs: number): void {
    // Further events do not delay the look, because something may be written beside plugins all the time.
    if (this.#closed || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#enqueue();
    }, delayMs);
  }

  async #look(): Promise<void> {
    if (this.#closed) return;
    const found = await this.#contents.read(this.#options.directories);
    await this.#watchFolders(found.plugins);
    if (!this.#isClosed()) this.#judge(fingerprintOf(found), found.plugins.length);
  }

  #judge(fingerprint: string, count: number): void {
    const { debounceMs, known, onChange } = this.#options;
    const before = this.#count;
    this.#count = count;
    if (fingerprint === known()) this.#reported = undefined;
    // A change that was reported already is not reported again before the reload has read the folders.
    if (fingerprint === known() || fingerprint === this.#reported) {
      this.#settling = undefined;
      return;
    }
    const nowMs = performance.now();
    if (fingerprint !== this.#settling?.fingerprint) {
      const settleMs = Math.max(count < before ? VANISHED_SETTLE_MS : SETTLE_MS, debounceMs);
      this.#settling = { fingerprint, untilMs: nowMs + settleMs };
    }
    if (nowMs < this.#settling.untilMs) {
      this.#lookIn(this.#settling.untilMs - nowMs + 1);
      return;
    }
    this.#settling = undefined;
    this.#reported = fingerprint;
    onChange();
  }

  /** Watches every directory in which a plugin can change: its own, and those of symbolic links on the path to it. */
  async #watchFolders(found: readonly FoundPlugin[]): Promise<void> {
    const targets = new WatchTargets();
    for (const directory of this.#options.directories) {
      await targets.addFile(resolve(directory));
      for (const names of ['*', '..*']) await targets.addInclude(join(directory, names));
    }
    for (const { file, folders } of found) {
      await targets.addFile(file);
      for (const folder of folders) await targets.addInclude(join(folder, '*'));
    }
    // Changes before the watch began gave no event, so one more look is needed.
    if (!this.#closed && (await this.#watches.set(targets.directories)))
      this.#lookIn(this.#options.debounceMs);
  }

  /** Asked after an await, when `close` may have been called. */
  #isClosed(): boolean {
    return this.#closed;
  }
}
