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

/** An include as the main file has it. */
interface WrittenInclude {
  readonly text: string;
  /** Its path in the main file. */
  readonly path: Path;
}

/**
 * Reads the main file of a config and all files that it includes. Collects the problems of all files, so that they can be reported
 * together.
 */
export class SourceReading {
  readonly problems: Problem[] = [];
  readonly warnings: Problem[] = [];
  /** The files that were read, the main file first. */
  readonly files: SourceFile[] = [];
  /** The names of {@link files}, as messages show them. */
  readonly names: string[] = [];
  /** The files that could be parsed. */
  readonly parsed: ParsedFile[] = [];
  /** Absolute paths. */
  includes: readonly string[] = [];
  /** Whether a file can't be used, so that the config is incomplete. */
  broken = false;
  readonly #main: string;
  readonly #env: Environment;
  #sizeBytes = 0;

  constructor(main: string, env: Environment) {
    this.#main = main;
    this.#env = env;
  }

  /** Reads the main file from disk, and all files that it includes. */
  async read(): Promise<void> {
    const content = await readConfigFile(this.#main);
    this.#add(this.#main, 'main', content);
    await this.readIncludes();
  }

  /** Uses `text` instead of the main file's content. {@link readIncludes} reads what it includes. */
  take(text: string): void {
    const sizeBytes = Buffer.byteLength(text);
    const failure =
      sizeBytes > MAX_CONFIG_FILE_BYTES ? { failure: tooLarge(MAX_CONFIG_FILE_BYTES) } : { text };
    this.#add(this.#main, 'main', { ...failure, hash: hashOf(text), sizeBytes });
  }

  /** Reads the files that the main file includes. */
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
    // The proxy is short of file descriptors or memory: without the list, the backends of these files would be removed by mistake.
    if (failure !== undefined && shortageOf({ code: failure }) !== '')
      this.#fail(this.#problem(written, `can't be read now: the folder can't be listed (${failure})`));
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

  /** The includes that are well formed. The schema check reports the others. */
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

  /** The name of an included file for messages: relative to the same directory as the name of the main file. */
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
