import { createHash } from 'node:crypto';
import { dirname, relative } from 'node:path';

/** Why a file belongs to a config: `main` is the file that is loaded, an `include` is included by it, a `reference` is named by a key, such as an error page. */
export type SourceRole = 'main' | 'include' | 'reference';

/** A file that a config was made from. */
export interface SourceFile {
  /** Absolute path. */
  readonly file: string;
  readonly role: SourceRole;
  /** sha256 of its content, in hex; undefined when the file does not exist or can't be read. */
  readonly hash: string | undefined;
  /** For a reference: the path of the first key that names it, such as `listeners[web].http.error_pages[0].file`. */
  readonly keyPath?: string;
}

/** All files that a config was made from. A change of any of them is a change of the config. */
export interface ConfigSources {
  /** The main file first, then the included files in the order of the load, then the files that keys name. */
  readonly files: readonly SourceFile[];
  /** The includes as absolute paths, with their wildcards, because other files may match them later. */
  readonly includes: readonly string[];
  /** One hash of all names and contents, in hex. For a config in a single file it is the sha256 of that file. */
  readonly hash: string;
}

/** The hash of {@link ConfigSources}. Names are taken relative to the main file, so that a copy of the whole folder has the same hash. */
export function hashOfSources(files: readonly SourceFile[]): string {
  const [main] = files;
  if (files.length === 1 && main?.hash !== undefined) return main.hash;
  const directory = dirname(main?.file ?? '');
  const hash = createHash('sha256');
  for (const { file, role, hash: content } of files) {
    hash.update(`${role}\0${relative(directory, file)}\0${content ?? 'missing'}\n`);
  }
  return hash.digest('hex');
}
