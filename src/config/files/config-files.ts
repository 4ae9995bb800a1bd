import { resolve } from 'node:path';
import { BalanceError } from '../../errors.ts';

/** A file that a key of the config names, in the state in which the load read and checked it. */
export interface NamedFile {
  /** sha256 of its content, in hex; undefined when it could not be read. */
  readonly hash: string | undefined;
  /**
   * Its content; undefined where the key is not marked as `pem` or `secret`, for then the part that uses the file reads it. It may be a
   * private key or a password: it must not get into logs, errors, `/config` or the history.
   */
  readonly text: string | undefined;
}

/** By absolute path. */
export type NamedFiles = ReadonlyMap<string, NamedFile>;

/** The files of one config, by their names as the config has them. */
export class ConfigFiles {
  readonly #directory: string;
  readonly #files: NamedFiles;

  /** @param directory the folder of the config file, where relative names start */
  constructor(directory: string, files: NamedFiles) {
    this.#directory = directory;
    this.#files = files;
  }

  /**
   * The content of a file that the load has read.
   *
   * @throws BalanceError for any other file
   */
  text(name: string): string {
    const text = this.#files.get(resolve(this.#directory, name))?.text;
    if (text === undefined)
      throw new BalanceError('internal', `the config has no content of the file ${name}`);
    return text;
  }

  /** The password in a file, as {@link passwordIn}. */
  password(name: string): string {
    return passwordIn(this.text(name));
  }

  /** sha256 of the content of a file, in hex; `missing` for a file that the load did not read. */
  hash(name: string): string {
    return this.#files.get(resolve(this.#directory, name))?.hash ?? 'missing';
  }
}

/** The password in the content of its file: all but the line breaks at the end, which editors add. */
export function passwordIn(text: string): string {
  return text.replace(/[\r\n]+$/, '');
}
