import { readFileSync } from 'node:fs';

/** One time that the event loop was late. */
export interface Stall {
  /** On the clock of `Date.now()`. */
  readonly atMs: number;
  /** By the clock on the wall. */
  readonly lateMs: number;
  /** The part in which the thread itself was busy: the rest it waited for a core. */
  readonly busyMs: number;
}

/** Reads the stalls that the probe wrote. */
export function readStalls(file: string): Stall[] {
  let text: string;
  try {
    text = readFileSync(file, 'latin1');
  } catch {
    return [];
  }
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [atMs = 0, lateMs = 0, waitMs = 0] = line.split(' ').map(Number);
      return { atMs, lateMs, busyMs: Math.max(0, lateMs - waitMs) };
    });
}

/** The value below which that share of all lies; 0 when there is none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
