import type { Config } from './config.generated.ts';
import type { Path, Position, Problem } from './problem.ts';
import type { Environment } from './substitute-env.ts';

export interface LoadOptions {
  /** What `${env:NAME}` reads from. Default: none. */
  readonly env?: Environment;
  /** The names of all protocols there are: what `mode` may say. */
  readonly modes: readonly string[];
}

/** A config that passed every check. */
export interface LoadedConfig {
  readonly config: Config;
  /** What is allowed but hardly means what it says, in the order of the file. */
  readonly warnings: readonly Problem[];
  /** sha256 of the file's content, in hex. */
  readonly hash: string;
  /** The file as it was named to the load. */
  readonly file: string;
  /**
   * Where a place of {@link config}, such as `listeners[0].address`, stands in the file; the nearest place
   * around it when a default stands there.
   */
  locate(path: string): Position | undefined;
  /** What is wrong with a place of {@link config}, for checks that come after the load. */
  problem(path: Path, message: string): Problem;
}
