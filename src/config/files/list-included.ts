import { lstat, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { systemCodeOf } from '../../errors.ts';
import { includeMatches, isPattern } from '../values/include-pattern.ts';

/** More files than this are a mistake, such as a pattern in the wrong folder. */
export const MAX_INCLUDED_FILES = 1000;

export interface IncludedFiles {
  /** The include as an absolute path. */
  readonly include: string;
  /** Absolute, in lexical order. */
  readonly files: readonly string[];
  /** Those of {@link files} that may be symbolic links. */
  readonly links: readonly string[];
  /** The system error code, when the folder could not be listed. */
  readonly failure?: string;
}

/**
 * Lists the files that each include names or matches. No file is listed twice, and `main` itself never is; folders are left out.
 * `includes` are absolute paths. Does not throw.
 */
export async function listIncluded(includes: readonly string[], main: string): Promise<IncludedFiles[]> {
  const seen = new Set([main]);
  const listed: IncludedFiles[] = [];
  for (const include of includes) {
    const found = isPattern(include) ? await matching(include) : plain(include);
    const files = found.files.filter((file) => !seen.has(file));
    for (const file of files) seen.add(file);
    listed.push({ ...found, files });
  }
  return listed;
}

function plain(include: string): IncludedFiles {
  return { include, files: [include], links: [include] };
}

async function matching(include: string): Promise<IncludedFiles> {
  const directory = dirname(include);
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    const found = entries
      .filter((entry) => !entry.isDirectory() && includeMatches(basename(include), entry.name))
      // Compared by code units, so that the order does not depend on the locale.
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    const links = found.filter((entry) => !entry.isFile()).map(({ name }) => join(directory, name));
    return { include, files: found.map(({ name }) => join(directory, name)), links };
  } catch (thrown) {
    return { include, files: [], links: [], failure: systemCodeOf(thrown) };
  }
}

/** Whether a file that could not be found is a symbolic link whose target does not exist. */
export async function isDangling(file: string): Promise<boolean> {
  try {
    await lstat(file);
    return true;
  } catch {
    return false;
  }
}
