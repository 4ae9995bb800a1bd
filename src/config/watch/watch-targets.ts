import { lstat, readlink } from 'node:fs/promises';
import { basename, dirname, join, parse, resolve } from 'node:path';
import { includeMatches } from '../values/include-pattern.ts';

/** The number of symbolic links on one path; the limit of Linux. */
const MAX_LINKS = 40;

/** The names in a directory whose events matter. */
export interface DirectoryInterest {
  readonly names: Set<string>;
  readonly includes: Set<string>;
}

/** Whether an event for that name matters. */
export function concerns({ names, includes }: DirectoryInterest, name: string): boolean {
  return names.has(name) || [...includes].some((include) => includeMatches(include, name));
}

/** Whether this interest includes everything of `other`. */
export function covers({ names, includes }: DirectoryInterest, other: DirectoryInterest): boolean {
  return (
    [...other.names].every((name) => names.has(name)) && [...other.includes].every((one) => includes.has(one))
  );
}

/**
 * Finds all directories in which an edit can change what is at a path: that of the file itself, and those of symbolic links on the path to
 * it. The directories are real paths. When a part of the path does not exist, it is the directory in which that part would appear.
 */
export class WatchTargets {
  readonly directories = new Map<string, DirectoryInterest>();
  /** Real directories by the paths that lead to them. */
  readonly #known = new Map<string, string | undefined>();

  async addFile(file: string): Promise<void> {
    const directory = await this.#directory(dirname(file), MAX_LINKS);
    if (directory !== undefined) await this.#entry(directory, basename(file), MAX_LINKS);
  }

  /** Adds a pattern: files that match it matter, also those that appear later. */
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

  /** Takes the last part of a path, whose events always matter. */
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

/** The target of a symbolic link; undefined when the path is no link. */
async function linkTarget(path: string): Promise<{ readonly link: string } | 'missing' | undefined> {
  try {
    const stats = await lstat(path);
    return stats.isSymbolicLink() ? { link: await readlink(path) } : undefined;
  } catch {
    return 'missing';
  }
}
