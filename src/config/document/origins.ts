import type { Path } from '../problems/problem.ts';
import { formatPath } from '../problems/problem.ts';

/** Knows which place of the file each place of the normalized config came from. */
export class Origins {
  readonly #fileByConfig: Map<string, Path>;

  /** @param entries What {@link entries} of another one gave. */
  constructor(entries: Iterable<readonly [string, Path]> = []) {
    this.#fileByConfig = new Map(entries);
  }

  /** All that is known, as plain data. */
  entries(): Iterable<readonly [string, Path]> {
    return this.#fileByConfig.entries();
  }

  /** Says where `configPath` and all below it came from, unless something more precise is said of a part of it. */
  set(configPath: Path, filePath: Path): void {
    this.#fileByConfig.set(formatPath(configPath), filePath);
  }

  /** The place in the file; the same path where nothing is known of it. */
  toFile(configPath: Path): Path {
    for (let length = configPath.length; length >= 0; length--) {
      const origin = this.#fileByConfig.get(formatPath(configPath.slice(0, length)));
      if (origin !== undefined) return [...origin, ...configPath.slice(length)];
    }
    return configPath;
  }
}
