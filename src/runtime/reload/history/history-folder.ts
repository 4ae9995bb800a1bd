import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCodeOf } from '../../../errors.ts';
import type { HistoryReading } from '../../../readings/reload.ts';
import type { ReloadSource } from '../outcome/reload-outcome.ts';

/** Whether the config of an entry is still live, and if not, what replaced it: an edit, or a rollback. */
export type HistoryOutcome = 'live' | 'replaced' | 'rolled back';

/** A config that was live at some time. Its `id` counts from 1; with a history folder also across restarts. */
export interface HistoryEntry extends HistoryReading {
  readonly source: ReloadSource;
  readonly outcome: HistoryOutcome;
}

/** Configs may hold secrets, so only the user of the proxy may read these files. */
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

const NAME = /^(\d{6,12})-[0-9a-f]{12}\.yaml$/;
/** The first line of a file says what the entry is. It is a comment, so the file is still a config. */
const HEADER = '# balance history ';
const HEADER_LIMIT_BYTES = 64 * 1024;

/** The folder of the history. Each entry is a config file that can be loaded. */
export class HistoryFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** The entries that earlier processes left, oldest first. Other files in the folder are ignored. */
  async list(): Promise<HistoryEntry[]> {
    await this.#make();
    const entries: HistoryEntry[] = [];
    for (const name of (await readdir(this.path)).sort()) {
      if (!NAME.test(name)) continue;
      const entry = await readHeader(join(this.path, name));
      if (entry !== undefined) entries.push(entry);
    }
    return entries.sort((a, b) => a.id - b.id);
  }

  /** Makes the folder. Its parent folder must exist. */
  async #make(): Promise<void> {
    try {
      await mkdir(this.path, FOLDER_MODE);
    } catch (error) {
      if (systemCodeOf(error) !== 'EEXIST') throw error;
    }
  }

  /** The config of an entry, as text. */
  async text(entry: HistoryEntry): Promise<string> {
    return readFile(this.#fileOf(entry), 'utf8');
  }

  /** Writes an entry, or writes it again after its outcome changed. A reader never sees half of a file. */
  async write(entry: HistoryEntry, text: string): Promise<void> {
    const file = this.#fileOf(entry);
    const temporary = `${file}.${String(process.pid)}.tmp`;
    const handle = await open(temporary, 'w', FILE_MODE);
    try {
      await handle.writeFile(`${HEADER}${JSON.stringify(entry)}\n${text}`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  }

  async remove(entry: HistoryEntry): Promise<void> {
    await rm(this.#fileOf(entry), { force: true });
  }

  #fileOf({ id, hash }: HistoryEntry): string {
    return join(this.path, `${String(id).padStart(6, '0')}-${hash.slice(0, 12)}.yaml`);
  }
}

/** The config without the first line about the entry. */
export function withoutHeader(text: string): string {
  return text.startsWith(HEADER) ? text.slice(text.indexOf('\n') + 1) : text;
}

async function readHeader(file: string): Promise<HistoryEntry | undefined> {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(HEADER_LIMIT_BYTES) });
    const [line = ''] = buffer.toString('utf8', 0, bytesRead).split('\n', 1);
    return line.startsWith(HEADER) ? entryOf(line.slice(HEADER.length)) : undefined;
  } finally {
    await handle.close();
  }
}

function entryOf(json: string): HistoryEntry | undefined {
  try {
    const entry = JSON.parse(json) as Partial<HistoryEntry>;
    const whole =
      Number.isSafeInteger(entry.id) && typeof entry.hash === 'string' && /^[0-9a-f]{64}$/.test(entry.hash);
    return whole ? (entry as HistoryEntry) : undefined;
  } catch {
    return undefined;
  }
}
