import { lstat, readlink } from 'node:fs/promises';
import { basename, dirname, join, parse, resolve } from 'node:path';
import { includeMatches } from '../values/include-pattern.ts';

/** As many links on one way as Linux follows. */
const MAX_LINKS = 40;

/** What matters in a directory. */
export interface DirectoryInterest {
  readonly names: Set<string>;
  readonly includes: Set<string>;
}

/** Whether something that happened to that name matters. */
export function concerns({ names, includes }: DirectoryInterest, name: string): boolean {
  return names.has(name) || [...includes].some((include) => includeMatches(include, name));
}

/** Whether all that matters to `other` matters here. */
export function covers({ names, includes }: DirectoryInterest, other: DirectoryInterest): boolean {
  return (
    [...other.names].every((name) => names.has(name)) && [...other.includes].every((one) => includes.has(one))
  );
}

/**
 * Finds where something must happen when a path is to get another content: in the directory of the file itself, and
 * wherever a link stands on the way to it. The directories are real ones. Where a part of the way is missing, it is
 * the directory in which that part would appear.
 */
export class WatchTargets {
  readonly directories = new Map<string, DirectoryInterest>();
  /** Real directories by the paths that lead to them. */
  readonly #known = new Map<string, string | undefined>();

  async addFile(file: string): Promise<void> {
    const directory = await this.#directory(dirname(file), MAX_LINKS);
    if (directory !== undefined) await this.#entry(directory, basename(file), MAX_LINKS);
  }

  /** A pattern whose matches matter, and what appears among them. */
  async addInclude(include: string): Promise<void> {
    const directory = await this.#directory(dirname(include), MAX_LINKS);
    if (directory !== undefined) this.#interest(directory).includes.add(include);
  }

  async #directory(path: string, linksLeft: number): Promise<string | undefined> {
    if (path === parse(path).root) return path;
    if (this.#known.has(path)) return this.#known.get(path);
    const parent = await this.#directory(dirname(path), linksLeft);
    const found = parent === undefined ? undefined : await this.#step(parent, basename(path), linksLeft);
    this.#known.set(path, found);
    return found;
  }

  /** The last part of a way: what happens to it always matters. */
  async #entry(directory: string, name: string, linksLeft: number): Promise<string | undefined> {
    this.#interest(directory).names.add(name);
    return this.#step(directory, name, linksLeft);
  }

  async #step(directory: string, name: string, linksLeft: number): Promise<string | undefined> {
    const path = join(directory, name);
    const target = await linkTarget(path);
    if (target === undefined) return path;
    this.#interest(directory).names.add(name);
    if (target === 'missing' || linksLeft === 0) return undefined;
    const next = resolve(directory, target.link);
    const parent = await this.#directory(dirname(next), linksLeft - 1);
    return parent === undefined ? undefined : this.#entry(parent, basename(next), linksLeft - 1);
  }

  #interest(directory: string): DirectoryInterest {
    let interest = this.directories.get(directory);
    if (interest === undefined) {
      interest = { names: new Set(), includes: new Set() };
      this.directories.set(directory, interest);
    }
    return interest;
  }
}

/** Where a link leads; undefined when it is none. */
async function linkTarget(path: string): Promise<{ readonly link: string } | 'missing' | undefined> {
  try {
    const stats = await lstat(path);
    return stats.isSymbolicLink() ? { link: await readlink(path) } : undefined;
  } catch {
    return 'missing';
  }
}
