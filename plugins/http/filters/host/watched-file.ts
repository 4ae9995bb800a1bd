import { readFile, stat } from 'node:fs/promises';

import { messageOf } from '../../../../src/errors.ts';
import type { Logger } from '../../../../src/plugin-api/index.ts';

/** How often a file is looked at, in ms. */
const LOOK_MS = 1_000;

/** A file that a filter reads, and that is read again whenever it changed. What can't be read changes nothing. */
export class WatchedFile {
  readonly #path: string;
  readonly #changed: (content: Buffer) => void;
  readonly #logger: Logger;
  #timer: NodeJS.Timeout | undefined;
  #stamp = '';
  #content = Buffer.alloc(0);
  #fault = '';
  #isClosed = false;

  constructor(path: string, changed: (content: Buffer) => void, logger: Logger) {
    this.#path = path;
    this.#changed = changed;
    this.#logger = logger;
  }

  /** Reads the file for the first time, and begins to watch it. Rejects when it can't be read. */
  async open(): Promise<Buffer> {
    this.#stamp = await this.#look();
    this.#content = await readFile(this.#path);
    this.#watch();
    return this.#content;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #watch(): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      void this.#check().then(() => {
        this.#watch();
      });
    }, LOOK_MS);
    this.#timer.unref();
  }

  /** Never rejects. */
  async #check(): Promise<void> {
    try {
      const stamp = await this.#look();
      if (stamp === this.#stamp) return;
      const content = await readFile(this.#path);
      // A file that is written right now is read once it rests.
      if ((await this.#look()) !== stamp) return;
      this.#stamp = stamp;
      if (this.#isClosed || content.equals(this.#content)) return;
      this.#content = content;
      this.#changed(content);
      this.#fault = '';
      this.#logger.info('Filter read a changed file', { file: this.#path });
    } catch (error) {
      const fault = messageOf(error);
      if (fault !== this.#fault)
        this.#logger.error('Filter kept what it had read before', { file: this.#path, error: fault });
      this.#fault = fault;
    }
  }

  /** What changes with the content. */
  async #look(): Promise<string> {
    const { mtimeMs, size, ino } = await stat(this.#path);
    return [mtimeMs, size, ino].join(' ');
  }
}
