import type { Steps } from '../contract/steps.ts';

const DIGIT_BITS = 11;
const DIGITS = 2 ** DIGIT_BITS;
const SHIFTS = [0, DIGIT_BITS, 2 * DIGIT_BITS] as const;
/** One step moves so many points. */
const STEP_POINTS = 8192;

/** Two lists of equal length: hashes, and the owner of each hash at the same index. */
export interface HashPoints {
  readonly hashes: Uint32Array;
  readonly owners: Uint32Array;
}

/** Room for that many points. */
export function hashPoints(size: number): HashPoints {
  return { hashes: new Uint32Array(size), owners: new Uint32Array(size) };
}

/** The same points, sorted by hash. Points with equal hashes keep their order. */
export function* sortedPoints(points: HashPoints): Steps<HashPoints> {
  const size = points.hashes.length;
  let from = points;
  let to = hashPoints(size);
  // A radix sort takes a third of the time of a comparing one, and comes in steps.
  for (const shift of SHIFTS) {
    const counts = new Uint32Array(DIGITS);
    for (let at = 0; at < size; at += STEP_POINTS) {
      count(from.hashes.subarray(at, at + STEP_POINTS), shift, counts);
      yield;
    }
    const places = placesOf(counts);
    for (let at = 0; at < size; at += STEP_POINTS) {
      distribute(part(from, at), to, shift, places);
      yield;
    }
    [from, to] = [to, from];
  }
  return from;
}

function part({ hashes, owners }: HashPoints, at: number): HashPoints {
  return { hashes: hashes.subarray(at, at + STEP_POINTS), owners: owners.subarray(at, at + STEP_POINTS) };
}

function digitOf(hash: number, shift: number): number {
  return (hash >>> shift) & (DIGITS - 1);
}

function count(hashes: Uint32Array, shift: number, counts: Uint32Array): void {
  for (const hash of hashes) {
    const digit = digitOf(hash, shift);
    counts[digit] = (counts[digit] ?? 0) + 1;
  }
}

/** For each digit, the index of the first point that has it. */
function placesOf(counts: Uint32Array): Uint32Array {
  let place = 0;
  return counts.map((count) => {
    place += count;
    return place - count;
  });
}

/** Puts each point at the next free index of its digit. */
function distribute(from: HashPoints, to: HashPoints, shift: number, places: Uint32Array): void {
  const { hashes, owners } = from;
  for (let at = 0; at < hashes.length; at++) {
    const hash = hashes[at] ?? 0;
    const digit = digitOf(hash, shift);
    const place = places[digit] ?? 0;
    places[digit] = place + 1;
    to.hashes[place] = hash;
    to.owners[place] = owners[at] ?? 0;
  }
}
