import type { UpstreamUses } from '../options/upstream-uses.ts';
import type { RulesOf } from '../options/listener-options.ts';
import type { Path } from '../problems/problem.ts';
import type { ConfigFile } from '../schema/config-file.generated.ts';
import type { Config } from '../schema/config.generated.ts';

/** What a check of listeners and their options sees, and how it reports problems. All paths are those of {@link config}. */
export interface ListenerCheckContext {
  readonly config: Config;
  /** The rules of protocols about their options. */
  readonly rulesOf: RulesOf;
  /** Which upstreams listeners use. */
  readonly uses: UpstreamUses;
  readonly error: (path: Path, message: string) => void;
  readonly warn: (path: Path, message: string) => void;
  /** A value in quotes, for messages; of a value from the environment, what the file says instead. */
  readonly shown: (path: Path, value: string) => string;
  /** Whether the file itself has a value there; false where a default stands. */
  readonly given: (path: Path) => boolean;
}

/** What a check of a whole normalized config sees. */
export interface CheckContext extends ListenerCheckContext {
  /** The folder that relative file names are relative to. */
  readonly directory: string;
  /** Names that `mode` may have. */
  readonly modes: readonly string[];
  /** Whether the file names its upstreams itself; in other forms they are named after routes. */
  readonly namesUpstreams: boolean;
}

/** What a check of the file as written sees. All paths are those of the file. */
export interface FileCheckContext {
  readonly file: ConfigFile;
  readonly modes: readonly string[];
  error(path: Path, message: string): void;
  shown(path: Path, value: string): string;
}
