import { canonicalize } from './canonicalize.ts';
import type { CheckContext } from './checks/check-context.ts';
import { checkAdmin } from './checks/check-admin.ts';
import { checkAddresses } from './checks/check-addresses.ts';
import { checkHttp } from './checks/check-http.ts';
import { checkModes } from './checks/check-modes.ts';
import { checkNames } from './checks/check-names.ts';
import { checkReferences } from './checks/check-references.ts';
import { checkUpstreams } from './checks/check-upstreams.ts';
import { ConfigError } from './config-error.ts';
import type { ConfigFile } from './config-file.generated.ts';
import { inspectNodes } from './inspect-nodes.ts';
import type { LoadOptions, LoadedConfig } from './loaded-config.ts';
import type { NormalizeContext } from './normalize-context.ts';
import { normalize } from './normalize.ts';
import { Origins } from './origins.ts';
import { parseSource } from './parse-source.ts';
import type { Path, Position, Problem } from './problem.ts';
import { formatPath, parsePath, sortProblems } from './problem.ts';
import { SchemaCheck } from './schema-check.ts';
import { SourceDocument } from './source-document.ts';
import type { EnvFault } from './substitute-env.ts';
import { substituteEnv } from './substitute-env.ts';
import { withoutFindings } from './without-findings.ts';

const fileSchema = new SchemaCheck();

const checks: readonly ((context: CheckContext) => void)[] = [
  checkNames,
  checkReferences,
  checkAddresses,
  checkAdmin,
  checkUpstreams,
  checkHttp,
];

/** One load: text → YAML → environment → schema → normalized → checked. Each stage reports all that it finds. */
export class ConfigLoad {
  readonly #text: string;
  readonly #file: string;
  readonly #hash: string;
  readonly #options: LoadOptions;
  readonly #problems: Problem[] = [];
  readonly #warnings: Problem[] = [];

  constructor(text: string, file: string, hash: string, options: LoadOptions) {
    this.#text = text;
    this.#file = file;
    this.#hash = hash;
    this.#options = options;
  }

  /** Throws a ConfigError with all problems at once. */
  run(): LoadedConfig {
    const { source, missing } = this.#parse();
    const { config, origins } = this.#check(source, this.#matchSchema(source, missing));
    this.#throwProblems();
    return {
      config,
      warnings: sortProblems(this.#warnings),
      hash: this.#hash,
      file: this.#file,
      locate: (path) => source.locate(origins.toFile(parsePath(path))),
      problem: (path, message) => {
        const inFile = origins.toFile(path);
        return { file: this.#file, ...source.locate(inFile), path: formatPath(inFile), message };
      },
    };
  }

  #parse(): { source: SourceDocument; missing: readonly EnvFault[] } {
    const { document, lines, faults } = parseSource(this.#text);
    for (const { offset, message } of faults) {
      const { line, col } = lines.linePos(offset);
      // Without a line break in front of it, the first line may be unknown to the counter.
      this.#problem({ line: Math.max(1, line), column: Math.max(1, col) }, [], message);
    }
    this.#throwProblems();
    const positions = new SourceDocument({ document, lines, targets: new Map(), substituted: new Set() });
    const inspected = inspectNodes(document, (node) => positions.positionOf(node).line);
    for (const { node, path, message } of inspected.faults) {
      this.#problem(positions.positionOf(node), path, message);
    }
    this.#throwProblems();
    const { substituted, faults: missing } = substituteEnv(document, this.#options.env ?? {});
    const source = new SourceDocument({ document, lines, targets: inspected.targets, substituted });
    for (const { path, message } of missing) this.#problem(source.locate(path), path, message);
    return { source, missing };
  }

  /** The file's values without what the schema refuses, so that the checks after it can still be made. */
  #matchSchema(source: SourceDocument, missing: readonly EnvFault[]): ConfigFile {
    const value = source.toValue();
    const reported = new Set(missing.map(({ path }) => formatPath(path)));
    const findings = fileSchema.findings(value);
    for (const { path, at, message } of findings) {
      if (!reported.has(formatPath(path))) this.#problem(source.locate(path, at), path, message);
    }
    const wrong = [...missing, ...findings];
    if (wrong.length === 0) return value as ConfigFile;
    const rest = withoutFindings(value, wrong);
    if (rest === undefined || fileSchema.findings(rest).length > 0) throw new ConfigError(this.#problems);
    return rest as ConfigFile;
  }

  #check(source: SourceDocument, file: ConfigFile): Pick<LoadedConfig, 'config'> & { origins: Origins } {
    const origins = new Origins();
    const inFile: NormalizeContext = {
      origins,
      error: (path, message) => this.#problem(source.locate(path), path, message),
      warn: (path, message) => this.#warn(source.locate(path), path, message),
      shown: (path, value) => source.shown(path, value),
    };
    const { modes } = this.#options;
    checkModes({ ...inFile, file, modes });
    const config = canonicalize(normalize(file, inFile));
    const context: CheckContext = {
      config,
      modes,
      namesUpstreams: file.upstreams !== undefined,
      error: (path, message) => inFile.error(origins.toFile(path), message),
      warn: (path, message) => inFile.warn(origins.toFile(path), message),
      shown: (path, value) => source.shown(origins.toFile(path), value),
      given: (path) => source.has(origins.toFile(path)),
    };
    for (const check of checks) check(context);
    return { config, origins };
  }

  #problem(position: Position, path: Path, message: string): void {
    this.#problems.push({ file: this.#file, ...position, path: formatPath(path), message });
  }

  #warn(position: Position, path: Path, message: string): void {
    this.#warnings.push({ file: this.#file, ...position, path: formatPath(path), message });
  }

  #throwProblems(): void {
    if (this.#problems.length > 0) throw new ConfigError(this.#problems);
  }
}
