import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { shortageOf } from '../../errors.ts';
import type { Path, Problem } from '../problems/problem.ts';
import { formatPath } from '../problems/problem.ts';
import type { FileContent } from './read-config-file.ts';
import {
  MAX_CONFIG_FILE_BYTES,
  hashOf,
  readConfigFile,
  readRegularFile,
  tooLarge,
} from './read-config-file.ts';
import { failureOf } from '../schema/schema-check.ts';
import type { Environment } from '../document/substitute-env.ts';
import type { SourceFile } from './config-sources.ts';
import { checkIncludePattern, isPattern } from '../values/include-pattern.ts';
import type { IncludedFiles } from './list-included.ts';
import { MAX_INCLUDED_FILES, isDangling, listIncluded } from './list-included.ts';
import type { ParsedFile } from './merged-source.ts';
import type { FileText } from './parse-file.ts';
import { parseFile } from './parse-file.ts';

/** An include as it was written. */
interface WrittenInclude {
  readonly text: string;
  /** Where it stands in the main file. */
  readonly path: Path;
}

/**
 * Reads the main file of a config and all that it includes. What is wrong with any of them is kept, so that all of it
 * is told at once.
 */
export class SourceReading {
  readonly problems: Problem[] = [];
  readonly warnings: Problem[] = [];
  /** What was read, main file first. */
  readonly files: SourceFile[] = [];
  /** The same files, as messages name them. */
  readonly names: string[] = [];
  /** Those of {@link files} that can be used. */
  readonly parsed: ParsedFile[] = [];
  /** Absolute. */
  includes: readonly string[] = [];
  /** Whether one of the files can't be used, so that what is read is not the whole config. */
  broken = false;
  readonly #main: string;
  readonly #env: Environment;
  #sizeBytes = 0;

  constructor(main: string, env: Environment) {
    this.#main = main;
    this.#env = env;
  }

  /** The main file as it is on disk, and all that it includes. */
  async read(): Promise<void> {
    const content = await readConfigFile(this.#main);
    this.#add(this.#main, 'main', content);
    await this.readIncludes();
  }

  /** A text in the place of the main file; what it includes is read by {@link readIncludes}. */
  take(text: string): void {
    const sizeBytes = Buffer.byteLength(text);
    const failure =
      sizeBytes > MAX_CONFIG_FILE_BYTES ? { failure: tooLarge(MAX_CONFIG_FILE_BYTES) } : { text };
    this.#add(this.#main, 'main', { ...failure, hash: hashOf(text), sizeBytes });
  }

  /** Reads what the main file includes. */
  async readIncludes(): Promise<void> {
    const written = this.#writtenIncludes();
    const directory = dirname(resolve(this.#main));
    this.includes = written.map(({ text }) => resolve(directory, text));
    const listed = await listIncluded(this.includes, resolve(this.#main));
    const total = listed.reduce((sum, { files }) => sum + files.length, 0);
    if (total > MAX_INCLUDED_FILES) {
      const message = `must include at most ${MAX_INCLUDED_FILES} files, not ${total}`;
      this.#fail(this.#problem({ text: '', path: ['include'] }, message));
      return;
    }
    for (const [index, found] of listed.entries()) {
      const include = written[index];
      if (include !== undefined) await this.#readIncluded(found, include);
    }
  }

  async #readIncluded({ include, files, failure }: IncludedFiles, written: WrittenInclude): Promise<void> {
    for (const file of files) {
      const content = await readRegularFile(file, MAX_CONFIG_FILE_BYTES - this.#sizeBytes);
      const shown = this.#shown(written.text, file);
      if (content.absent !== true) this.#add(shown, 'include', content);
      else if (!isPattern(include)) {
        this.#fail(this.#problem(written, `names the file ${shown}, which does not exist`));
        this.files.push({ file, role: 'include', hash: undefined });
      } else if (await isDangling(file)) {
        this.#add(shown, 'include', { ...content, failure: 'is a link to a file that does not exist' });
      }
    }
    // Which files it matches is not known then: going on without them would take their backends away.
    if (failure !== undefined && shortageOf({ code: failure }) !== '')
      this.#fail(this.#problem(written, `can't be followed now: the folder can't be listed (${failure})`));
    if (files.length > 0 || !isPattern(include)) return;
    const reason = failure === undefined ? 'matches no file' : `matches no file: ${folderFailure(failure)}`;
    this.warnings.push(this.#problem(written, reason));
  }

  #add(shown: string, role: SourceFile['role'], content: FileContent): void {
    this.files.push({ file: resolve(shown), role, hash: content.hash });
    this.names.push(shown);
    this.#sizeBytes += content.sizeBytes;
    if (content.text === undefined) {
      const message = content.failure ?? `can't be read`;
      this.#fail({ file: shown, line: 0, column: 0, path: '', message });
      return;
    }
    const text: FileText = { file: shown, text: content.text, mayBeEmpty: role === 'include' };
    const found: Problem[] = [];
    const parsed = parseFile(text, this.#env, (problem) => found.push(problem));
    this.problems.push(...found);
    if (parsed !== undefined) this.parsed.push(parsed);
    else if (found.length > 0) this.broken = true;
  }

  #fail(problem: Problem): void {
    this.problems.push(problem);
    this.broken = true;
  }

  /** The includes that can be followed; the schema complains of the others. */
  #writtenIncludes(): WrittenInclude[] {
    const value = this.parsed[0]?.value;
    if (typeof value !== 'object' || value === null || !('include' in value)) return [];
    const { include } = value;
    const written: WrittenInclude[] = [];
    if (isInclude(include)) written.push({ text: include, path: ['include'] });
    for (const [index, text] of (Array.isArray(include) ? (include as unknown[]) : []).entries()) {
      if (isInclude(text)) written.push({ text, path: ['include', index] });
    }
    return written;
  }

  #problem({ path }: WrittenInclude, message: string): Problem {
    const position = this.parsed[0]?.source.locate(path) ?? { line: 0, column: 0 };
    return { file: this.#main, ...position, path: formatPath(path), message };
  }

  /** An included file as messages name it: from where the main file was named. */
  #shown(include: string, file: string): string {
    if (isAbsolute(include)) return file;
    const directory = dirname(this.#main);
    return join(directory, relative(resolve(directory), file));
  }
}

function isInclude(value: unknown): value is string {
  return typeof value === 'string' && failureOf(() => checkIncludePattern(value)) === undefined;
}

function folderFailure(code: string): string {
  if (code === 'ENOENT') return 'the folder does not exist';
  return `the folder can't be listed (${code})`;
}
