import type { Path } from '../problems/problem.ts';
import { formatPath } from '../problems/problem.ts';

/** Maps each path of the normalized config to the path of the file that it was made from. */
export class Provenance {
  readonly #fileByConfig: Map<string, Path>;

  /** @param entries The {@link entries} of another provenance. */
  constructor(entries: Iterable<readonly [string, Path]> = []) {
    this.#fileByConfig = new Map(entries);
  }

  /** The whole mapping as plain data. */
  entries(): Iterable<readonly [string, Path]> {
    return this.#fileByConfig.entries();
  }

  /** Records that `configPath`, and all below it, comes from `filePath`. An entry for a longer path takes precedence. */
  set(configPath: Path, filePath: Path): void {
    this.#fileByConfig.set(formatPath(configPath), filePath);
  }

  /** The path in the file. Without a record it is the same path. */
  toFile(configPath: Path): Path {
    for (let length = configPath.length; length >= 0; length--) {
      const origin = this.#fileByConfig.get(formatPath(configPath.slice(0, length)));
      if (origin !== undefined) return [...origin, ...configPath.slice(length)];
    }
    return configPath;
  }
}
