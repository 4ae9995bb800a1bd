import type { Config } from '../schema/config.generated.ts';
import type { NamedFiles } from '../files/config-files.ts';
import type { ConfigSources } from '../files/config-sources.ts';
import type { SourceLocation } from '../files/source-location-table.ts';
import { SourceLocationTable } from '../files/source-location-table.ts';
import type { PluginSettings } from './plugin-settings.ts';
import type { OptionsRules } from '../../plugin-api/index.ts';
import type { CertificateReading } from '../../readings/certificate.ts';
import type { Path, Problem } from '../problems/problem.ts';
import { isEqual } from '../values/is-equal.ts';
import { parsePath, sortProblems } from '../problems/problem.ts';
import type { Environment } from '../document/substitute-env.ts';

/** What protocols know about their options, by the names of the protocols. */
export type ProtocolRules = ReadonlyMap<string, OptionsRules>;

export interface LoadOptions {
  /** The variables that `${env:NAME}` can use. Default: none. */
  readonly env?: Environment;
  /**
   * The names of all protocols, which `mode` may have. A function is called when the files have been read, with what they say about
   * plugins.
   */
  readonly modes: readonly string[] | ((settings: PluginSettings) => Promise<readonly string[]>);
  /**
   * Hashes of the files that the running proxy uses. A certificate that is not valid now is refused, unless it is one of them: it may have
   * expired while it was used. Default: the proxy does not run, and such a certificate is a warning.
   */
  readonly filesInUse?: ReadonlySet<string>;
  /** Used instead of the content of the main file, which then need not exist. */
  readonly text?: string;
}

/** {@link LoadOptions} of a load in this thread. */
export interface LoadOptionsWithRules extends LoadOptions {
  /**
   * The rules of the built-in protocols. The rules of plugins are applied after the load, when it is known which state of each plugin
   * goes live.
   */
  readonly rules: ProtocolRules;
}

/** What certificates, keys and passwords hold, by the absolute paths of their files. */
export type FileContents = ReadonlyMap<string, string>;

/** The result of a load, as plain data that can be sent to another thread. */
export interface LoadResult {
  readonly config: Config;
  readonly warnings: readonly Problem[];
  readonly file: string;
  readonly namesServers: boolean;
  readonly sources: ConfigSources;
  readonly contents: FileContents;
  readonly certificates: readonly CertificateReading[];
  /** The bytes of a {@link SourceLocationTable}. */
  readonly locations: Uint8Array<ArrayBuffer>;
}

/** A config that passed every check. */
export interface LoadedConfig {
  readonly config: Config;
  /** What is allowed but probably not meant, in the order of the files. */
  readonly warnings: readonly Problem[];
  /** Hash of the names and contents of all files, in hex. For a config in a single file it is the sha256 of that file. */
  readonly hash: string;
  /** The file as it was named to the load. */
  readonly file: string;
  /** Whether the config says what is served, even if that is nothing. A file that was cut off after its first sections does not. */
  readonly namesServers: boolean;
  /** All files that the config was made from. */
  readonly sources: ConfigSources;
  /** What the files hold that the load itself had to read. It has private keys and passwords in it. */
  readonly contents: FileContents;
  /** The certificates that the config uses. */
  readonly certificates: readonly CertificateReading[];
  /**
   * The location of a path of {@link config}, such as `listeners[0].address`. For a default, which no file has, it is the location of the
   * nearest section around it.
   */
  locate(path: string): SourceLocation;
  /** Makes a problem at a path of {@link config}, for checks that come after the load. */
  problem(path: Path, message: string): Problem;
  /** The value in quotes, for messages. For a value from the environment it is what the file has, such as `${env:NAME}`. */
  shown(path: Path, value: string): string;
  /** Whether the files themselves have a value at a path of {@link config}; false for a default. */
  isGiven(path: Path): boolean;
}

/** The result of a load, with methods that look up locations. */
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

/** The files that keys of the config name. */
export function namedFiles({ sources, contents }: Pick<LoadedConfig, 'sources' | 'contents'>): NamedFiles {
  const named = sources.files.filter(({ role }) => role === 'reference');
  return new Map(named.map(({ file, hash }) => [file, { hash, text: contents.get(file) }]));
}

/** The hashes of the files that keys of a config name, as a load of its next version needs them. */
export function filesInUse({ sources }: Pick<LoadedConfig, 'sources'>): ReadonlySet<string> {
  return new Set(
    sources.files.flatMap(({ role, hash }) => (role === 'reference' && hash !== undefined ? [hash] : [])),
  );
}

/** The config without the domains that its certificates gave it: of a config to restore, the certificates may be others by then. */
export function withOwnDomains({
  config,
  certificates,
}: Pick<LoadedConfig, 'config' | 'certificates'>): Config {
  const namesOf = new Map(
    certificates.flatMap(({ kind, file, names }) => (kind === 'server' ? [[file, names] as const] : [])),
  );
  const listeners = config.listeners.map((listener) => {
    const { tls } = listener;
    if (tls === undefined) return listener;
    const own = tls.certificates.map((certificate) =>
      isEqual(certificate.domains, namesOf.get(certificate.cert_file))
        ? { ...certificate, domains: [] }
        : certificate,
    );
    return { ...listener, tls: { ...tls, certificates: own } };
  });
  return { ...config, listeners };
}

/** Adds the warnings of checks that came after the load, in the order of the files. */
export function withWarnings(loaded: LoadedConfig, warnings: readonly Problem[]): LoadedConfig {
  if (warnings.length === 0) return loaded;
  const files = loaded.warnings.map(({ file }) => file);
  return { ...loaded, warnings: sortProblems([...loaded.warnings, ...warnings], [loaded.file, ...files]) };
}
