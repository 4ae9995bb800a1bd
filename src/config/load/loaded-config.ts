import type { Config } from '../schema/config.generated.ts';
import type { ConfigSources } from '../files/config-sources.ts';
import type { SourceLocation } from '../files/source-location-table.ts';
import { SourceLocationTable } from '../files/source-location-table.ts';
import type { PluginSettings } from './plugin-settings.ts';
import type { OptionsRules } from '../../plugin-api/index.ts';
import type { Path, Problem } from '../problems/problem.ts';
import { parsePath, sortProblems } from '../problems/problem.ts';
import type { Environment } from '../document/substitute-env.ts';

/** What protocols know about their options, by the names of the protocols. */
export type ProtocolRules = ReadonlyMap<string, OptionsRules>;

export interface LoadOptions {
  /** What `${env:NAME}` reads from. Default: none. */
  readonly env?: Environment;
  /**
   * The names of all protocols there are: what `mode` may say. A function is asked when the files are read, with what
   * they say about plugins.
   */
  readonly modes: readonly string[] | ((settings: PluginSettings) => Promise<readonly string[]>);
  /** Stands for the content of the main file, which then need not exist. */
  readonly text?: string;
}

/** {@link LoadOptions} of a load in this thread. */
export interface LoadOptionsWithRules extends LoadOptions {
  /**
   * The rules of the protocols that come with the proxy. Those of plugins are applied after the load, in the state of the
   * plugin that is to go live.
   */
  readonly rules: ProtocolRules;
}

/** What a load gives, as plain data that can be handed to another thread. */
export interface LoadResult {
  readonly config: Config;
  readonly warnings: readonly Problem[];
  readonly file: string;
  readonly namesServers: boolean;
  readonly sources: ConfigSources;
  /** Of a {@link SourceLocationTable}. */
  readonly locations: Uint8Array<ArrayBuffer>;
}

/** A config that passed every check. */
export interface LoadedConfig {
  readonly config: Config;
  /** What is allowed but hardly means what it says, in the order of the files. */
  readonly warnings: readonly Problem[];
  /** Of the names and contents of all files, in hex; of a config in one file its sha256. */
  readonly hash: string;
  /** The file as it was named to the load. */
  readonly file: string;
  /** Whether it says what is served, and be it nothing: a file that was cut off behind its first sections does not. */
  readonly namesServers: boolean;
  /** All files that it was made from. */
  readonly sources: ConfigSources;
  /**
   * Where a place of {@link config}, such as `listeners[0].address`, stands in the files; the nearest place
   * around it when a default stands there.
   */
  locate(path: string): SourceLocation;
  /** A problem at a path of {@link config}, for checks that come after the load. */
  problem(path: Path, message: string): Problem;
  /** A value in quotes, for such problems; of a value from the environment, what the file says instead. */
  shown(path: Path, value: string): string;
  /** Whether the files themselves have a value at a path of {@link config}; false where a default stands. */
  isGiven(path: Path): boolean;
}

/** What a load gave, with the places to ask for. */
export function loadedConfig({ locations, ...result }: LoadResult): LoadedConfig {
  const table = new SourceLocationTable(locations);
  return {
    ...result,
    hash: result.sources.hash,
    locate: (path) => table.locate(parsePath(path)),
    problem: (path, message) => table.problem(path, message),
    shown: (path, value) => table.shown(path, value),
    isGiven: (path) => table.has(path),
  };
}

/** A config with warnings of checks that came after its load, in the order of the files. */
export function withWarnings(loaded: LoadedConfig, warnings: readonly Problem[]): LoadedConfig {
  if (warnings.length === 0) return loaded;
  const files = loaded.warnings.map(({ file }) => file);
  return { ...loaded, warnings: sortProblems([...loaded.warnings, ...warnings], [loaded.file, ...files]) };
}
