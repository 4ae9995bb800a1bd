import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { SeededRandom } from '../../support/seeded-random.ts';
import { rest } from '../../soak/traffic.ts';
import type { Journal } from './journal.ts';

/** The protocol that the plugin speaks: it greets with its version, and says it again whenever it is asked. */
export const GREETER = 'greeter';

/** Between two edits of the plugin: modules stay in memory, so they are few. */
const LONGEST_REST_MS = 3_000;
const BROKEN_SHARE = 0.25;
const REMOVED_SHARE = 0.1;

/** Replaces, breaks and removes the file of a plugin. What was loaded from it must go on in all of these. */
export class PluginEditor {
  readonly #file: string;
  readonly #journal: Journal<true>;
  readonly #random: SeededRandom;
  #version = 0;

  constructor(folder: string, journal: Journal<true>, seed: number) {
    this.#file = join(folder, 'greeter.mjs');
    this.#journal = journal;
    this.#random = new SeededRandom(seed);
  }

  /** Edits that were made. */
  get count(): number {
    return this.#version;
  }

  /** Puts the first version into a folder that is not there yet. */
  static async prepare(folder: string): Promise<void> {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'greeter.mjs'), greeter(0));
  }

  async run(stopping: AbortSignal): Promise<void> {
    this.#journal.add(0, 'the first version', true);
    while (!stopping.aborted) {
      await rest(this.#random.between(LONGEST_REST_MS / 4, LONGEST_REST_MS));
      await this.#edit();
    }
  }

  async #edit(): Promise<void> {
    const version = (this.#version += 1);
    const chance = this.#random.next();
    if (chance < REMOVED_SHARE) {
      this.#journal.add(version, 'removed', undefined);
      await rm(this.#file, { force: true });
    } else if (chance < REMOVED_SHARE + BROKEN_SHARE) {
      this.#journal.add(version, 'broken', undefined);
      await writeFile(this.#file, this.#random.pick(BROKEN));
    } else {
      this.#journal.add(version, 'valid', true);
      await writeFile(`${this.#file}.new`, greeter(version));
      await rename(`${this.#file}.new`, this.#file);
    }
  }
}

const BROKEN = [
  'export default {',
  'export default 7;\n',
  'throw new Error("not today");\n',
  `export default { apiVersion: 99, name: '${GREETER}', provision() {} };\n`,
  `export default { apiVersion: 2, name: '${GREETER}', provision() { throw new Error('no'); } };\n`,
  `export default { apiVersion: 2, name: '${GREETER}', provision: () => ({}) };\n`,
];

function greeter(version: number): string {
  return `const VERSION = '${version}\\n';
export default {
  apiVersion: 2,
  name: '${GREETER}',
  provision() {
    let active = 0;
    let idle = () => {};
    return {
      protocol: '${GREETER}',
      get active() { return active; },
      handle({ transport: stream }) {
        active += 1;
        stream.read({
          data(bytes, start, end) { stream.writeText(VERSION.repeat(end - start)); },
          end() { stream.end(); },
          drained() {},
          closed() { active -= 1; if (active === 0) idle(); },
        });
        stream.writeText(VERSION);
        return { drain() {} };
      },
      close() {
        return active === 0 ? Promise.resolve() : new Promise((resolve) => { idle = resolve; });
      },
    };
  },
};
`;
}
