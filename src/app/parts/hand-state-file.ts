import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

import { messageOf, systemCodeOf } from '../../errors.ts';
import type { Logger } from '../../plugin-api/index.ts';
import type { HandEntry, HandState, HandWord } from '../../upstream/standing/hand-state.ts';

const VERSION = 1;
/** Only the user of the proxy can read the folder and the file: reasons are words of operators. */
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
const WORDS: ReadonlySet<unknown> = new Set<HandWord>(['healthy', 'unhealthy', 'draining', 'maintenance']);

/** The file that keeps the states which operators have set over a restart. */
export class HandStateFile {
  readonly path: string;
  readonly #logger: Logger;
  #written: Promise<void> = Promise.resolve();

  constructor(path: string, logger: Logger) {
    this.path = path;
    this.#logger = logger;
  }

  /** What the file holds; nothing where there is none. Never rejects: of a file that can't be read, the log says so. */
  async read(): Promise<readonly HandEntry[]> {
    try {
      return entriesIn(JSON.parse(await readFile(this.path, 'utf8')));
    } catch (error) {
      if (systemCodeOf(error) !== 'ENOENT')
        this.#logger.warn('states of backends that were set by hand are not known any more', {
          file: this.path,
          error: messageOf(error),
        });
      return [];
    }
  }

  /** Makes these what the file holds. Calls are done one after the other. Never rejects: the log says when it can't be written. */
  write(entries: readonly HandEntry[]): Promise<void> {
    const text = `${JSON.stringify({ version: VERSION, entries }, null, 2)}\n`;
    this.#written = this.#written
      .then(() => this.#replace(text))
      .catch((error: unknown) => {
        this.#logger.warn('states of backends that were set by hand are not kept over a restart', {
          file: this.path,
          error: messageOf(error),
        });
      });
    return this.#written;
  }

  /** A reader never sees half of the file. */
  async #replace(text: string): Promise<void> {
    try {
      await mkdir(dirname(this.path), FOLDER_MODE);
    } catch (error) {
      if (systemCodeOf(error) !== 'EEXIST') throw error;
    }
    const next = `${this.path}.${String(process.pid)}.tmp`;
    await writeFile(next, text, { mode: FILE_MODE, flush: true });
    await rename(next, this.path);
  }
}

/** @throws Error when that is not what {@link HandStateFile.write} writes */
function entriesIn(content: unknown): readonly HandEntry[] {
  const { version, entries } = (content ?? {}) as { version?: unknown; entries?: unknown };
  if (version !== VERSION || !Array.isArray(entries) || !entries.every(isEntry))
    throw new Error('the file does not hold such states');
  return entries.map(({ upstream, backend, state }) => ({
    upstream,
    backend,
    state: { state: state.state, reason: state.reason, sinceMs: state.sinceMs },
  }));
}

function isEntry(value: unknown): value is HandEntry {
  const { upstream, backend, state } = (value ?? {}) as Partial<Record<keyof HandEntry, unknown>>;
  const parts = (state ?? {}) as Partial<Record<keyof HandState, unknown>>;
  return (
    typeof upstream === 'string' &&
    typeof backend === 'string' &&
    WORDS.has(parts.state) &&
    (parts.reason === undefined || typeof parts.reason === 'string') &&
    Number.isFinite(parts.sinceMs)
  );
}
