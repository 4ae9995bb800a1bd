import { DirectoryWatch, directoryIdentity } from './directory-watch.ts';
import { covers, type DirectoryInterest } from './watch-targets.ts';

/** Watches a changing set of directories. Watches a directory again when another one has replaced it. */
export class DirectoryWatches {
  readonly #onEvent: () => void;
  readonly #watches = new Map<string, DirectoryWatch>();

  constructor(onEvent: () => void) {
    this.#onEvent = onEvent;
  }

  /** Watches exactly these directories. Returns whether any directory, or any name of interest in one, is new. */
  async set(directories: ReadonlyMap<string, DirectoryInterest>): Promise<boolean> {
    for (const directory of this.#watches.keys()) {
      if (!directories.has(directory)) await this.#close(directory);
    }
    let isNew = false;
    for (const [directory, interest] of directories) {
      const identity = await directoryIdentity(directory);
      const watch = this.#watches.get(directory);
      if (watch !== undefined && watch.identity === identity) {
        isNew ||= !covers(watch.interest, interest);
        watch.interest = interest;
        continue;
      }
      // The old watch is closed first, because a new one would share its resources.
      await this.#close(directory);
      if (identity === undefined) continue;
      const next = new DirectoryWatch(directory, identity, interest, this.#onEvent);
      this.#watches.set(directory, next);
      await next.ready;
      isNew = true;
    }
    return isNew;
  }

  async close(): Promise<void> {
    for (const directory of this.#watches.keys()) await this.#close(directory);
  }

  async #close(directory: string): Promise<void> {
    const watch = this.#watches.get(directory);
    this.#watches.delete(directory);
    await watch?.close();
  }
}
