import { readFileSync, statSync, watch, type FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';

/** A program that writes the file in several steps should be done after this time. */
const SETTLE_MS = 50;
const POLL_MS = 2_000;
/** A larger file is not read: it can hardly be the right file, and would block the proxy. */
const MAX_BYTES = 16 * 1024 * 1024;

/**
 * Keeps the text of a small system file, and notices when it changes: written in place, replaced by a rename, removed and made again, or
 * mounted over. Events of the file's directory are only a hint; the file is checked every two seconds in any case. Nothing here
 * keeps the process alive.
 */
export class FollowedFile {
  readonly #path: string;
  readonly #changed: () => void;
  readonly #poll: NodeJS.Timeout;
  #watcher: FSWatcher | undefined;
  #settling: NodeJS.Timeout | undefined;
  #stamp: string;
  #text: string;

  /** @param changed called when the text has changed */
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

  /** The text of the file; '' while there is no such file, or while it can't be read. */
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
      // There is no such directory, or the system has no watches left: then the file is only checked from time to time.
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

  /** A text that changes whenever the content may have changed; '' when that can't be known, so that the file must be read. */
  #look(): string {
    try {
      const { dev, ino, size, mtimeNs, ctimeNs, ctimeMs } = statSync(this.#path, { bigint: true });
      // The clock of a file system moves in steps of some milliseconds: two writes may leave the same times.
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
