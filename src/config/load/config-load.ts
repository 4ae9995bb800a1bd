import { dirname, resolve } from 'node:path';
import { canonicalize } from '../schema/canonicalize.ts';
import type { CheckContext } from '../checks/check-context.ts';
import { checkAdmin } from '../checks/check-admin.ts';
import { checkDns } from '../checks/check-dns.ts';
import { checkAddresses, checkSocketModes } from '../checks/check-addresses.ts';
import { checkLogging } from '../checks/check-logging.ts';
import { checkMetrics } from '../checks/check-metrics.ts';
import { checkModes } from '../checks/check-modes.ts';
import { checkNames } from '../checks/check-names.ts';
import { checkProxyProtocol } from '../checks/check-proxy-protocol.ts';
import { checkOptions } from '../checks/check-options.ts';
import { checkReferences } from '../checks/check-references.ts';
import { checkUpstreams } from '../checks/check-upstreams.ts';
import { checkHealth } from '../checks/upstreams/check-health.ts';
import { checkKeptStates, checkOverload, checkWorkers } from '../checks/check-workers.ts';
import { checkResilience } from '../checks/upstreams/check-resilience.ts';
import { checkCertificates } from '../checks/tls/check-certificates.ts';
import { checkListenerTls } from '../checks/tls/check-listener-tls.ts';
import { checkUpstreamTls } from '../checks/tls/check-upstream-tls.ts';
import type { OptionsRules } from '../../plugin-api/index.ts';
import type { CertificateReading } from '../../readings/certificate.ts';
import { ConfigError } from './config-error.ts';
import type { ConfigFile } from '../schema/config-file.generated.ts';
import type { Config } from '../schema/config.generated.ts';
import type { ConfigSources, SourceFile } from '../files/config-sources.ts';
import { hashOfSources } from '../files/config-sources.ts';
import type { MergedSource } from '../files/merged-source.ts';
import { mergeSources } from '../files/merged-source.ts';
import { SourceLocationTable } from '../files/source-location-table.ts';
import { readAsWanted } from '../files/read-as-wanted.ts';
import type { SourceReading } from '../files/read-sources.ts';
import { readReferences } from '../files/read-references.ts';
import type { FileContents, LoadResult, ProtocolRules } from './loaded-config.ts';
import { UpstreamUses } from '../options/upstream-uses.ts';
import type { NormalizeContext } from '../normalize/normalize-context.ts';
import { normalize } from '../normalize/normalize.ts';
import { Provenance } from '../document/provenance.ts';
import type { PluginSettings } from './plugin-settings.ts';
import { uncheckedPluginSettings } from './plugin-settings.ts';
import type { Path, Problem } from '../problems/problem.ts';
import { formatPath, sortProblems } from '../problems/problem.ts';
import { SchemaCheck } from '../schema/schema-check.ts';
import { withoutFindings } from '../problems/without-findings.ts';

const fileSchema = new SchemaCheck();

const checks: readonly ((context: CheckContext) => void)[] = [
  checkNames,
  checkReferences,
  checkAddresses,
  checkSocketModes,
  checkAdmin,
  checkDns,
  checkWorkers,
  checkKeptStates,
  checkOverload,
  checkMetrics,
  checkUpstreams,
  checkHealth,
  checkResilience,
  checkListenerTls,
  checkUpstreamTls,
  checkProxyProtocol,
  checkOptions,
  checkLogging,
];

/** The keys that say what is served. A complete config has one of them, though its value may be empty. */
const SERVERS: readonly Path[] = [
  ['backends'],
  ['routes'],
  ['listeners'],
  ['http', 'routes'],
  ['tls', 'sni'],
];

/** One load of the files that were read: merge → schema → normalize → check. Each stage reports all problems that it finds. */
export class ConfigLoad {
  readonly #file: string;
  readonly #reading: SourceReading;
  readonly #merged: MergedSource;
  readonly #provenance = new Provenance();
  readonly #problems: Problem[];
  readonly #warnings: Problem[];
  readonly #references: SourceFile[] = [];
  #contents: FileContents = new Map();
  #certificates: readonly CertificateReading[] = [];
  readonly #rules: ProtocolRules;

  /** Throws a ConfigError when a file can't be read or parsed. */
  constructor(file: string, reading: SourceReading, rules: ProtocolRules) {
    this.#file = file;
    this.#rules = rules;
    this.#reading = reading;
    this.#problems = [...reading.problems];
    this.#warnings = [...reading.warnings];
    if (reading.broken) this.#throwProblems();
    this.#merged = mergeSources(reading.parsed, (problem) => this.#problems.push(problem));
  }

  /** What the files say about plugins. Available before {@link check}, which needs the modes that the plugins add. */
  get pluginSettings(): PluginSettings {
    return uncheckedPluginSettings(this.#file, this.#merged.value);
  }

  /** Checks the files and gives the normalized config. Throws a ConfigError with all problems. */
  check(modes: readonly string[]): Config {
    const config = this.#normalize(this.#matchSchema(), modes);
    this.#throwProblems();
    return config;
  }

  /**
   * Reads the files that the config names, and checks the certificates among them. Gives the config with the names of its certificates.
   * Throws a ConfigError when one of the files can't be used.
   *
   * @param inUse hashes of the files that the running proxy uses; undefined when none runs
   */
  async readReferences(config: Config, inUse: ReadonlySet<string> | undefined): Promise<Config> {
    const directory = dirname(resolve(this.#file));
    const { files, contents, failures } = await readReferences(config, directory);
    this.#references.push(...files);
    this.#contents = contents;
    for (const { reference, failure } of failures) {
      const path = this.#provenance.toFile(reference.path);
      const shown = this.#merged.shown(path, reference.file);
      this.#problem(path, `names the file ${shown}, which ${failure}`);
    }
    const hashes = new Map(files.map(({ file, hash }) => [file, hash]));
    const hashOf = (name: string): string => hashes.get(resolve(directory, name)) ?? '';
    const { config: complete, certificates } = checkCertificates({
      config,
      error: (path, message) => this.#problem(this.#provenance.toFile(path), message),
      warn: (path, message) =>
        this.#warnings.push(this.#merged.problem(this.#provenance.toFile(path), message)),
      shown: (path, value) => this.#merged.shown(this.#provenance.toFile(path), value),
      given: (path) => this.#merged.has(this.#provenance.toFile(path)),
      contentOf: (name) => contents.get(resolve(directory, name)),
      mayBeInvalid: (name) => inUse === undefined || inUse.has(hashOf(name)),
      nowMs: Date.now(),
    });
    this.#certificates = certificates;
    this.#throwProblems();
    return complete;
  }

  result(config: Config): LoadResult {
    return {
      config,
      warnings: sortProblems(this.#warnings, this.#reading.names),
      file: this.#file,
      // The protocol of a plugin may need no backends.
      namesServers:
        SERVERS.some((path) => this.#merged.has(path)) ||
        config.listeners.some(({ mode }) => mode !== 'http' && mode !== 'tcp'),
      sources: this.#sources(),
      contents: this.#contents,
      certificates: this.#certificates,
      locations: SourceLocationTable.encode(this.#merged, this.#provenance),
    };
  }

  /** The values of the files, without those that the schema refuses, so that later checks can still run. */
  #matchSchema(): ConfigFile {
    const { value } = this.#merged;
    const missing = this.#merged.missing();
    const reported = new Set(missing.map(({ path }) => formatPath(path)));
    let findings = fileSchema.findings(value);
    if (findings.length > 0 && readAsWanted(value, findings, this.#merged.readings()))
      findings = fileSchema.findings(value);
    for (const { path, at, message } of findings) {
      if (!reported.has(formatPath(path))) this.#problems.push(this.#merged.problem(path, message, at));
    }
    const wrong = [...missing, ...findings];
    if (wrong.length === 0) return value as ConfigFile;
    const rest = withoutFindings(value, wrong);
    if (rest === undefined || fileSchema.findings(rest).length > 0) throw this.#error();
    return rest as ConfigFile;
  }

  #normalize(file: ConfigFile, modes: readonly string[]): Config {
    const merged = this.#merged;
    const provenance = this.#provenance;
    const inFile: NormalizeContext = {
      provenance,
      error: (path, message) => this.#problem(path, message),
      warn: (path, message) => this.#warnings.push(merged.problem(path, message)),
      shown: (path, value) => merged.shown(path, value),
    };
    checkModes({ ...inFile, file, modes });
    const config = canonicalize(normalize(file, inFile));
    const rulesOf = (mode: string): OptionsRules | undefined => this.#rules.get(mode);
    const context: CheckContext = {
      config,
      rulesOf,
      uses: new UpstreamUses(config, rulesOf),
      directory: dirname(resolve(this.#file)),
      modes,
      namesUpstreams: file.upstreams !== undefined,
      error: (path, message) => inFile.error(provenance.toFile(path), message),
      warn: (path, message) => inFile.warn(provenance.toFile(path), message),
      shown: (path, value) => merged.shown(provenance.toFile(path), value),
      given: (path) => merged.has(provenance.toFile(path)),
    };
    for (const check of checks) check(context);
    return config;
  }

  #problem(path: Path, message: string): void {
    this.#problems.push(this.#merged.problem(path, message));
  }

  #throwProblems(): void {
    if (this.#problems.length > 0) throw this.#error();
  }

  #error(): ConfigError {
    return new ConfigError(sortProblems(this.#problems, this.#reading.names), { sources: this.#sources() });
  }

  #sources(): ConfigSources {
    const files = [...this.#reading.files, ...this.#references];
    return { files, includes: this.#reading.includes, hash: hashOfSources(files) };
  }
}
