import { lstat, rename, stat, unlink } from 'node:fs/promises';

import { systemCodeOf } from '../errors.ts';

/** How a log file is rotated. */
export interface LogRotation {
  /** It is rotated before it would be larger, in bytes. */
  readonly max_size: number;
  /** How many rotated files are kept. */
  readonly max_files: number;
  /** Rotated files that are older are deleted, in ms. */
  readonly max_age?: number | undefined;
}

/** Moves `file` to `file.1`, that to `file.2`, and so on; the oldest is lost. Does nothing with what is no regular file. */
export async function rotateLogFile(file: string, { max_files: kept }: LogRotation): Promise<boolean> {
  // A link is often /dev/stdout, and its name belongs to somebody else.
  if (!(await lstat(file)).isFile()) return false;
  await removeBeyond(file, kept);
  for (let number = kept - 1; number > 0; number--) {
    await ifThere(rename(rotated(file, number), rotated(file, number + 1)));
  }
  await rename(file, rotated(file, 1));
  return true;
}

/** Deletes the rotated files whose last line is older than `max_age`. */
export async function deleteOldLogFiles(file: string, rotation: LogRotation): Promise<void> {
  const { max_age: maxAgeMs, max_files: kept } = rotation;
  if (maxAgeMs === undefined) return;
  for (let number = 1; number <= kept; number++) {
    const name = rotated(file, number);
    const found = await ifThere(stat(name));
    if (found !== undefined && Date.now() - found.mtimeMs > maxAgeMs) await ifThere(unlink(name));
  }
}

/** After an edit there may be more of them than are kept now. */
async function removeBeyond(file: string, kept: number): Promise<void> {
  for (let number = kept + 1; ; number++) {
    const removed = await ifThere(unlink(rotated(file, number)).then(() => true));
    if (removed !== true) return;
  }
}

function rotated(file: string, number: number): string {
  return `${file}.${number}`;
}

async function ifThere<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
