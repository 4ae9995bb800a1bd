import { lstat, mkdir, open, readlink, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { SeededRandom } from '../../support/seeded-random.ts';
import { rest } from '../../soak/traffic.ts';

export const WAYS = [
  'in place',
  'in pieces',
  'rename',
  'like vim',
  'symlink swap',
  'delete and create',
] as const;
/** How a file gets its next content. */
export type Way = (typeof WAYS)[number];

const NAME = 'balance.yaml';
/** The link that a mounted ConfigMap swaps. */
const DATA = '..data';
/** Where files lie that belong to it. */
const PIECES = 'conf.d';

/** A config file in a directory of its own, and all the ways in which people and programs write it. */
export class ConfigFile {
  readonly path: string;
  readonly #folder: string;
  #count = 0;

  constructor(folder: string) {
    this.#folder = folder;
    this.path = join(folder, NAME);
  }

  /**
   * Writes the files that belong to it and then the text, and removes last what does not belong to it any more: what stands
   * there in between is no valid config. Resolves when all is in place.
   */
  async writeAll(
    text: string,
    pieces: ReadonlyMap<string, string | undefined>,
    way: Way,
    random: SeededRandom,
  ): Promise<void> {
    for (const [name, piece] of pieces) if (piece !== undefined) await this.#writePiece(name, piece);
    await this.write(text, way, random);
    for (const [name, piece] of pieces)
      if (piece === undefined) await rm(join(this.#folder, PIECES, name), { force: true });
  }

  /** Resolves when the text is in place. */
  async write(text: string, way: Way, random: SeededRandom): Promise<void> {
    switch (way) {
      case 'in place':
        await writeFile(this.path, text);
        return;
      case 'in pieces':
        await this.#inPieces(text, random);
        return;
      case 'rename':
        await this.#byRename(text);
        return;
      case 'like vim':
        await this.#likeVim(text);
        return;
      case 'symlink swap':
        await this.#bySwap(text);
        return;
      case 'delete and create':
        await unlink(this.path);
        await rest(random.between(0, 40));
        await writeFile(this.path, text);
    }
  }

  async #writePiece(name: string, text: string): Promise<void> {
    const file = join(this.#folder, PIECES, name);
    await mkdir(join(this.#folder, PIECES), { recursive: true });
    await writeFile(`${file}.new`, text);
    await rename(`${file}.new`, file);
  }

  async #inPieces(text: string, random: SeededRandom): Promise<void> {
    const file = await open(this.path, 'w');
    try {
      for (let at = 0; at < text.length;) {
        const end = at + random.between(1, Math.ceil(text.length / 2));
        await file.write(text.slice(at, end));
        at = end;
        await rest(random.between(0, 8));
      }
    } finally {
      await file.close();
    }
  }

  async #byRename(text: string): Promise<void> {
    const temporary = join(this.#folder, `.${NAME}.swp${(this.#count += 1)}`);
    await writeFile(temporary, text);
    await rename(temporary, this.path);
  }

  /** The old file becomes the backup, the new one is written, the backup goes. */
  async #likeVim(text: string): Promise<void> {
    const backup = `${this.path}~`;
    await rename(this.path, backup);
    await writeFile(this.path, text);
    await unlink(backup);
  }

  /** A directory beside the others, and one rename of the link that leads to it. */
  async #bySwap(text: string): Promise<void> {
    const version = `..v${(this.#count += 1)}`;
    await mkdir(join(this.#folder, version));
    await writeFile(join(this.#folder, version, NAME), text);
    const before = await readlink(join(this.#folder, DATA)).catch(() => undefined);
    await this.#link(version, DATA);
    const isLink = (await lstat(this.path)).isSymbolicLink();
    if (!isLink) await this.#link(join(DATA, NAME), NAME);
    if (before !== undefined) await rm(join(this.#folder, before), { recursive: true, force: true });
  }

  async #link(target: string, name: string): Promise<void> {
    const temporary = join(this.#folder, `..tmp${(this.#count += 1)}`);
    await symlink(target, temporary);
    await rename(temporary, join(this.#folder, name));
  }
}
