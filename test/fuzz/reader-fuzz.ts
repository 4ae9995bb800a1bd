import { SeededRandom } from '../support/seeded-random.ts';
import type { FuzzOptions } from './options.ts';

/** Makes the input of one reader, and judges what the reader makes of it. */
export interface ReaderFuzz {
  /** What an input is, in the plural. */
  readonly title: string;
  make(random: SeededRandom): Buffer;
  /** What is wrong with the way in which the reader treats these bytes; undefined when nothing is. */
  judge(bytes: Buffer, random: SeededRandom): string | undefined;
}

/** The bytes of one case, and what is wrong with how they are read. The same seed makes the same case. */
export function fuzzCaseOf(fuzz: ReaderFuzz, seed: number): { bytes: Buffer; wrong: string | undefined } {
  const random = new SeededRandom(seed);
  const bytes = fuzz.make(random);
  return { bytes, wrong: fuzz.judge(bytes, random) };
}

/** Makes cases until the options say enough. Returns a summary; a failure sets the exit code. */
export function fuzzReader(fuzz: ReaderFuzz, { seed, from, cases, seconds, only }: FuzzOptions): string {
  const untilMs = performance.now() + seconds * 1000;
  const first = only ?? from;
  const end = only === undefined ? from + cases : only + 1;
  let next = first;
  for (; next < end && performance.now() < untilMs; next += 1) {
    const { bytes, wrong } = fuzzCaseOf(fuzz, seed + next);
    if (wrong === undefined) continue;
    process.exitCode = 1;
    return `case ${next} of seed ${seed}: ${wrong}\n${bytes.toString('hex')}\n`;
  }
  return `seed ${seed}: ${next - first} ${fuzz.title}, nothing wrong\n`;
}
