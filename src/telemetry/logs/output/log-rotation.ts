import { lstat, readdir, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname } from 'node:path';

import { systemCodeOf } from '../../../errors.ts';

/** How a log file is rotated: the keys of `logging.rotate`. */
export interface LogRotation {
  /** The file is rotated before it would become larger than this, in bytes. */
  readonly max_size: number;
  /** Number of rotated files that are kept. */
  readonly max_files: number;
  /** Rotated files whose last line is older than this are deleted, in ms. Default: age does not matter. */
  readonly max_age?: number | undefined;
}

/**
 * Renames `file` to `file.1`, `file.1` to `file.2` and so on, up to the first number that is free. The oldest file is deleted only when
 * no number is free: after a rotation that failed half-way, or when somebody took a rotated file away, no other file is lost. Returns
 * false, and does nothing, when `file` is not a regular file.
 */
export async function rotateLogFile(file: string, { max_files: kept }: LogRotation): Promise<boolean> {
  // A symbolic link often leads to /dev/stdout, and is not ours to rename.
  if (!(await lstat(file)).isFile()) return false;
  const numbers = await rotatedNumbers(file, kept);
  await removeBeyond(file, kept, numbers);
  let free = 1;
  while (free < kept && numbers.has(free)) free++;
  for (let number = free - 1; number > 0; number--) {
    await ifThere(rename(rotated(file, number), rotated(file, number + 1)));
  }
  await rename(file, rotated(file, 1));
  return true;
}

/** Deletes the rotated files whose last line is older than `max_age`. */
export async function deleteOldLogFiles(file: string, rotation: LogRotation): Promise<void> {
  const { max_age: maxAgeMs, max_files: kept } = rotation;
  if (maxAgeMs === undefined) return;
  for (const number of await rotatedNumbers(file, kept)) {
    if (number > kept) continue;
    const name = rotated(file, number);
    const found = await ifThere(stat(name));
    if (found !== undefined && Date.now() - found.mtimeMs > maxAgeMs) await ifThere(unlink(name));
  }
}

/** The numbers of the rotated files that exist. One look at the folder: to ask for a thousand files one by one can take longer than a file needs to fill up. */
async function rotatedNumbers(file: string, kept: number): Promise<ReadonlySet<number>> {
  const start = `${basename(file)}.`;
  let names;
  try {
    names = await readdir(dirname(file));
  } catch {
    // The folder may not be read, or too many files are open.
    return numbersInARow(file, kept);
  }
  const ends = names.filter((name) => name.startsWith(start)).map((name) => name.slice(start.length));
  return new Set(ends.filter((end) => /^[1-9]\d*$/.test(end)).map(Number));
}

/** The numbers from 1 up to the first one that is free. This needs no open file. */
async function numbersInARow(file: string, kept: number): Promise<ReadonlySet<number>> {
  const numbers = new Set<number>();
  while (numbers.size <= kept) {
    const next = numbers.size + 1;
    if ((await ifThere(lstat(rotated(file, next)))) === undefined) break;
    numbers.add(next);
  }
  return numbers;
}

/**
 * Deletes rotated files beyond `kept`; there are some after an edit that lowers `max_files`. It stops at the first number that is missing,
 * so that files of other tools, which use dates as numbers, stay.
 */
async function removeBeyond(file: string, kept: number, numbers: ReadonlySet<number>): Promise<void> {
  for (let number = kept + 1; numbers.has(number); number++) {
    if ((await ifThere(unlink(rotated(file, number)).then(() => true))) === undefined) return;
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
