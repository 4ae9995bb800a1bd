import type { EnvFault, EnvReading } from '../document/substitute-env.ts';
import { formatPath } from '../problems/problem.ts';
import type { Path, Position, Problem } from '../problems/problem.ts';
import type { SourceDocument } from '../document/source-document.ts';
import type { ListSpan } from './merged-paths.ts';
import { MergedPaths } from './merged-paths.ts';

/** One file of a config, parsed. */
export interface ParsedFile {
  /** The file's name, as messages show it. */
  readonly file: string;
  readonly source: SourceDocument;
  /** The document as plain values. */
  readonly value: unknown;
  /** Values that consist of one variable and nothing else. */
  readonly readings: readonly EnvReading[];
  /** Variables that the file needs and that are not set. They were reported already. */
  readonly missing: readonly EnvFault[];
}

/** The lists that several files may add to. Any other key may be in one file only. */
const LIST_KEYS: ReadonlySet<string> = new Set(['listeners', 'upstreams', 'routes', 'backends']);

/** The files of a config as one document. All paths are those of the merged value. */
export class MergedSource {
  readonly value: unknown;
  readonly files: readonly ParsedFile[];
  readonly paths: MergedPaths;

  constructor(value: unknown, files: readonly ParsedFile[], paths: MergedPaths) {
    this.value = value;
    this.files = files;
    this.paths = paths;
  }

  /** A problem at a path. When the files have nothing at that path, the problem is located at its nearest parent. */
  problem(path: Path, message: string, at: 'key' | 'value' = 'value'): Problem {
    const inFile = this.paths.toFile(path);
    const { file, source } = this.#file(inFile.file);
    return { file, ...source.locate(inFile.path, at), path: formatPath(inFile.path), message };
  }

  has(path: Path): boolean {
    const inFile = this.paths.toFile(path);
    return this.#file(inFile.file).source.has(inFile.path);
  }

  /** See {@link SourceDocument.shown}. */
  shown(path: Path, value: string): string {
    const inFile = this.paths.toFile(path);
    return this.#file(inFile.file).source.shown(inFile.path, value);
  }

  /** Environment variables that are not set, with their paths in the merged value. */
  missing(): EnvFault[] {
    return this.files.flatMap(({ missing }, file) =>
      missing.map(({ path, message }) => ({ path: this.paths.toMerged({ file, path }), message })),
    );
  }

  /** Values that consist of one environment variable and nothing else, with their paths in the merged value. */
  readings(): EnvReading[] {
    return this.files.flatMap(({ readings }, file) =>
      readings.map((reading) => ({ ...reading, path: this.paths.toMerged({ file, path: reading.path }) })),
    );
  }

  #file(index: number): ParsedFile {
    const file = this.files[index];
    if (file === undefined) throw new Error(`the config has no file ${index}`);
    return file;
  }
}

/** Merges the main file, which comes first, with the files that it includes. Calls `report` with each problem. */
export function mergeSources(files: readonly ParsedFile[], report: (problem: Problem) => void): MergedSource {
  const merging = new Merging(files, report);
  return merging.merge();
}

class Merging {
  readonly #files: readonly ParsedFile[];
  readonly #report: (problem: Problem) => void;
  readonly #value: Record<string, unknown> = {};
  readonly #owners: Record<string, number> = {};
  readonly #lists: Record<string, ListSpan[]> = {};

  constructor(files: readonly ParsedFile[], report: (problem: Problem) => void) {
    this.#files = files;
    this.#report = report;
  }

  merge(): MergedSource {
    const paths = new MergedPaths({ owners: this.#owners, lists: this.#lists });
    const [main, ...others] = this.#files;
    const value = main?.value;
    // A main file that is no mapping is reported by the schema check.
    if (others.length === 0 || !isMapping(value)) return new MergedSource(value, this.#files, paths);
    this.#add(value, 0);
    for (const [index, { value: included }] of others.entries()) {
      if (isMapping(included)) this.#add(included, index + 1);
      else this.#problem(index + 1, [], 'must be a mapping of keys to values');
    }
    return new MergedSource(this.#value, this.#files, paths);
  }

  #add(value: Readonly<Record<string, unknown>>, file: number): void {
    for (const [key, entry] of Object.entries(value)) {
      if (key === 'include' && file > 0) {
        this.#problem(file, [key], `can be in the main file only, which is ${this.#files[0]?.file ?? ''}`);
      } else if (!Object.hasOwn(this.#owners, key)) this.#begin(key, entry, file);
      else if (LIST_KEYS.has(key)) this.#extend(key, entry, file);
      else this.#problem(file, [key], `is given in two files, first in ${this.#locationOf(key)}`);
    }
  }

  #begin(key: string, entry: unknown, file: number): void {
    this.#owners[key] = file;
    const list = LIST_KEYS.has(key) && Array.isArray(entry) ? [...(entry as unknown[])] : undefined;
    this.#value[key] = list ?? entry;
    if (list !== undefined) this.#lists[key] = [{ file, start: 0, count: list.length }];
  }

  #extend(key: string, entry: unknown, file: number): void {
    const list = this.#value[key];
    if (!Array.isArray(entry)) this.#problem(file, [key], 'must be a list');
    // When the first value of the key is no list, the schema check reports that.
    if (!Array.isArray(entry) || !Array.isArray(list)) return;
    this.#lists[key]?.push({ file, start: list.length, count: entry.length });
    for (const item of entry as unknown[]) list.push(item);
  }

  #locationOf(key: string): string {
    const first = this.#files[this.#owners[key] ?? 0];
    const { line, column }: Position = first?.source.locate([key], 'key') ?? { line: 1, column: 1 };
    return `${first?.file ?? ''}:${line}:${column}`;
  }

  #problem(file: number, path: Path, message: string): void {
    const parsed = this.#files[file];
    if (parsed === undefined) return;
    const position = parsed.source.locate(path, 'key');
    this.#report({ file: parsed.file, ...position, path: formatPath(path), message });
  }
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
