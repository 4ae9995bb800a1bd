import { readFileSync, statSync, watch, type FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';

/** Who writes a file in several steps is done by then. */
const SETTLE_MS = 50;
const POLL_MS = 2_000;
/** A file beyond this is not what it should be, and would hold up the proxy. */
const MAX_BYTES = 16 * 1024 * 1024;

/**
 * The text of a small file of the system, and its edits: written in place, renamed over, removed and made again, or mounted
 * over. Events of the file's directory are only a hint to look; its state is looked at every other second in any case.
 * Nothing here keeps the process from ending.
 */
export class FollowedFile {
  readonly #path: string;
  readonly #changed: () => void;
  readonly #poll: NodeJS.Timeout;
  #watcher: FSWatcher | undefined;
  #settling: NodeJS.Timeout | undefined;
  #stamp: string;
  #text: string;

  /** @param changed The text is another one now. */
  constructor(path: string, changed: () => void) {
    this.#path = path;
    this.#changed = changed;
    this.#stamp = this.#look();
    this.#text = this.#read();
    this.#poll = setInterval(() => {
      this.#check();
    }, POLL_MS).unref();
    this.#watch();
  }

  /** '' while there is no such file, or it can't be read. */
  get text(): string {
    return this.#text;
  }

  close(): void {
    clearInterval(this.#poll);
    clearTimeout(this.#settling);
    this.#watcher?.close();
  }

  #watch(): void {
    const name = basename(this.#path);
    try {
      this.#watcher = watch(dirname(this.#path), { persistent: false }, (_event, file) => {
        if (file !== null && file !== name) return;
        clearTimeout(this.#settling);
        this.#settling = setTimeout(() => {
          this.#check();
        }, SETTLE_MS).unref();
      });
      this.#watcher.on('error', () => {
        this.#watcher?.close();
      });
    } catch {
      // No directory, or no watches left: then the file is only looked at from time to time.
    }
  }

  #check(): void {
    const stamp = this.#look();
    if (stamp !== '' && stamp === this.#stamp) return;
    this.#stamp = stamp;
    const text = this.#read();
    if (text === this.#text) return;
    this.#text = text;
    this.#changed();
  }

  /** Differs whenever the content may: '' while that can't be told. */
  #look(): string {
    try {
      const { dev, ino, size, mtimeNs, ctimeNs, ctimeMs } = statSync(this.#path, { bigint: true });
      // The clock of a file system stands still for some milliseconds: a second write may leave the same times.
      if (Math.abs(Date.now() - Number(ctimeMs)) < POLL_MS) return '';
      return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
    } catch {
      return '';
    }
  }

  #read(): string {
    try {
      return statSync(this.#path).size > MAX_BYTES ? '' : readFileSync(this.#path, 'utf8');
    } catch {
      return '';
    }
  }
}
