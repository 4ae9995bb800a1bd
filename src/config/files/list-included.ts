import { lstat, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { systemCodeOf } from '../../errors.ts';
import { includeMatches, isPattern } from '../values/include-pattern.ts';

/** More are a mistake, such as a pattern in the wrong folder. */
export const MAX_INCLUDED_FILES = 1000;

export interface IncludedFiles {
  /** The include as an absolute path. */
  readonly include: string;
  /** Absolute, in lexical order. */
  readonly files: readonly string[];
  /** Those that may be links. */
  readonly links: readonly string[];
  /** Why the folder could not be listed: a system error code. */
  readonly failure?: string;
}

/**
 * The files that includes mean, include by include; none twice, and never `main` itself. Folders among the matches are
 * left out. `includes` are absolute. Does not throw.
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
      // By code units: the same everywhere, whatever the locale.
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    const links = found.filter((entry) => !entry.isFile()).map(({ name }) => join(directory, name));
    return { include, files: found.map(({ name }) => join(directory, name)), links };
  } catch (thrown) {
    return { include, files: [], links: [], failure: systemCodeOf(thrown) };
  }
}

/** Whether a file that could not be found is a link that leads nowhere. */
export async function isDangling(file: string): Promise<boolean> {
  try {
    await lstat(file);
    return true;
  } catch {
    return false;
  }
}
