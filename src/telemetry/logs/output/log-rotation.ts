import { lstat, readdir, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname } from 'node:path';

import { systemCodeOf } from '../../../errors.ts';

/** How a log file is rotated. */
export interface LogRotation {
  /** It is rotated before it would be larger, in bytes. */
  readonly max_size: number;
  /** How many rotated files are kept. */
  readonly max_files: number;
  /** Rotated files that are older are deleted, in ms. */
  readonly max_age?: number | undefined;
}

/**
 * Moves `file` to `file.1`, that to `file.2`, and so on. Files move no further than to the first number that is free, and the
 * oldest is only lost when there is none: a rotation that failed half-way, or a file that somebody took away, costs no other
 * file. Does nothing with what is no regular file, and returns false.
 */
export async function rotateLogFile(file: string, { max_files: kept }: LogRotation): Promise<boolean> {
  // A link is often /dev/stdout, and its name belongs to somebody else.
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

/** The numbers of the rotated files that are there. To ask for each of a thousand would take longer than a file may need to fill up. */
async function rotatedNumbers(file: string, kept: number): Promise<ReadonlySet<number>> {
  const start = `${basename(file)}.`;
  let names;
  try {
    names = await readdir(dirname(file));
  } catch {
    // The folder is closed to readers, or too many files are open.
    return numbersInARow(file, kept);
  }
  const ends = names.filter((name) => name.startsWith(start)).map((name) => name.slice(start.length));
  return new Set(ends.filter((end) => /^[1-9]\d*$/.test(end)).map(Number));
}

/** The same up to the first number that is free, which opens nothing. */
async function numbersInARow(file: string, kept: number): Promise<ReadonlySet<number>> {
  const numbers = new Set<number>();
  while (numbers.size <= kept) {
    const next = numbers.size + 1;
    if ((await ifThere(lstat(rotated(file, next)))) === undefined) break;
    numbers.add(next);
  }
  return numbers;
}

/** After an edit there may be more of them than are kept now. Other tools put dates there, which are no numbers in a row. */
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
