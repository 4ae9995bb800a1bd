import type { ConfigFile } from '../schema/config-file.generated.ts';
import type { Config } from '../schema/config.generated.ts';
import type { Path } from '../problems/problem.ts';

/** What a check of the normalized config sees, and how it tells what it found. All paths are those of {@link config}. */
export interface CheckContext {
  readonly config: Config;
  /** The folder that relative file names are relative to. */
  readonly directory: string;
  /** Names that `mode` may have. */
  readonly modes: readonly string[];
  /** Whether the file itself names its upstreams, rather than having them named after routes. */
  readonly namesUpstreams: boolean;
  error(path: Path, message: string): void;
  warn(path: Path, message: string): void;
  /** Text for messages that never shows what came from the environment. */
  shown(path: Path, value: string): string;
  /** Whether the file itself says something there, rather than a default. */
  given(path: Path): boolean;
}

/** What a check of the file as written sees. All paths are those of the file. */
export interface FileCheckContext {
  readonly file: ConfigFile;
  readonly modes: readonly string[];
  error(path: Path, message: string): void;
  shown(path: Path, value: string): string;
}
