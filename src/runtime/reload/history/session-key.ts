import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
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

  constructor(logger: Logger) {
    this.#logger = logger;
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

/** The key in that folder. Without one, `own` or a new key is written there. */
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
  // Cookies that were given with another key count no more. Those of the kept key may be years old.
  return own ?? kept;
}

function newKey(): string {
  return randomBytes(KEY_BYTES).toString('hex');
}

/** Whether the config gives no key for the cookies of an upstream. */
function needsOwnKey(sticky: LoadedConfig['config']['upstreams'][number]['sticky']): boolean {
  return sticky?.enabled === true && sticky.secret === undefined && sticky.secret_file === undefined;
}
