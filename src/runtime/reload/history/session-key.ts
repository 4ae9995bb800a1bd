import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

import type { LoadedConfig } from '../../../config/load/loaded-config.ts';
import { messageOf, systemCodeOf } from '../../../errors.ts';
import type { Logger } from '../../../plugin-api/index.ts';

const NAME = 'sticky.key';
const KEY_BYTES = 32;
const FORM = /^[0-9a-f]{64}$/;
/** Only the user of the proxy can read the folder and the key. */
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

/** The key of sticky cookies where the config gives none. It is made once, and kept in the folder of the history, if there is one. */
export class SessionKey {
  readonly #logger: Logger;
  #key: string | undefined;
  /** The folder that the key was read from or written to last. */
  #folder: string | undefined;

  /** @param key what a process before this one used. Default: none */
  constructor(logger: Logger, key?: string) {
    this.#logger = logger;
    this.#key = key;
  }

  /** The key that is used; undefined before any upstream needed it. */
  get current(): string | undefined {
    return this.#key;
  }

  /** The key for that config; undefined when no upstream needs it. Never rejects: a key that can't be kept is used until the process ends. */
  async of({ config, file }: Pick<LoadedConfig, 'config' | 'file'>): Promise<string | undefined> {
    if (!config.upstreams.some(({ sticky }) => needsOwnKey(sticky))) return undefined;
    const { history_dir: directory } = config.reload;
    const folder = directory === undefined ? undefined : resolve(dirname(resolve(file)), directory);
    if (folder !== undefined && folder !== this.#folder) {
      try {
        this.#key = await keptKey(folder, this.#key);
        this.#folder = folder;
      } catch (error) {
        this.#logger.warn('key of sticky cookies is not kept, and is lost when the process ends', {
          folder,
          error: messageOf(error),
        });
      }
    }
    this.#key ??= newKey();
    return this.#key;
  }
}

/**
 * The key in that folder. Without one, `own` or a new key is written there. `own` replaces another one: cookies that clients got meanwhile
 * were made with it, and those of the kept key may be years old.
 */
async function keptKey(folder: string, own: string | undefined): Promise<string> {
  const file = join(folder, NAME);
  try {
    await mkdir(folder, FOLDER_MODE);
  } catch (error) {
    if (systemCodeOf(error) !== 'EEXIST') throw error;
  }
  const key = own ?? newKey();
  try {
    await writeFile(file, `${key}\n`, { flag: 'wx', mode: FILE_MODE });
    return key;
  } catch (error) {
    if (systemCodeOf(error) !== 'EEXIST') throw error;
  }
  const kept = (await readFile(file, 'utf8')).trim();
  if (!FORM.test(kept)) throw new Error(`${file} holds no key`);
  if (own !== undefined && own !== kept) await replaceKey(file, own);
  return own ?? kept;
}

/** The file has one key or the other at any moment. */
async function replaceKey(file: string, key: string): Promise<void> {
  const next = `${file}.new`;
  await rm(next, { force: true });
  await writeFile(next, `${key}\n`, { flag: 'wx', mode: FILE_MODE });
  await rename(next, file);
}

function newKey(): string {
  return randomBytes(KEY_BYTES).toString('hex');
}

/** Whether the config gives no key for the cookies of an upstream. */
function needsOwnKey(sticky: LoadedConfig['config']['upstreams'][number]['sticky']): boolean {
  return sticky?.enabled === true && sticky.secret === undefined && sticky.secret_file === undefined;
}
