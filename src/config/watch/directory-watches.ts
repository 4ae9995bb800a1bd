import { DirectoryWatch, directoryIdentity } from './directory-watch.ts';
import { covers, type DirectoryInterest } from './watch-targets.ts';

/** Listens to a set of directories that changes, and starts again where one took another's place. */
export class DirectoryWatches {
  readonly #onEvent: () => void;
  readonly #watches = new Map<string, DirectoryWatch>();

  constructor(onEvent: () => void) {
    this.#onEvent = onEvent;
  }

  /** Listens to these, and to no others. Whether that is anything new, be it a directory or what matters in one. */
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
      // First, or the new one would share what the old one listens to.
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
