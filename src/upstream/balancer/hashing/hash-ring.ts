import type { Candidate } from '../contract/balancer.ts';
import { hashPoints, sortedPoints, type HashPoints } from './hash-points.ts';
import { hashedCandidates, type HashedCandidate } from './hashed-candidates.ts';
import { mixBits } from './hash-text.ts';
import { KeyOwners } from './key-owners.ts';
import type { Steps } from '../contract/steps.ts';

/** Points of a candidate of weight 1 among candidates of weight 1. Shares differ from their theory by about 1/√points. */
const POINTS = 256;

/**
 * The hash values as a circle: each candidate owns points on it in proportion to its weight, and a hash
 * belongs to the next point's owner. A candidate's points depend on nothing but its id and its weight (and
 * the rough average of all weights, see {@link weightUnit}), so a candidate that leaves moves only its own keys.
 *
 * Source: Karger et al., Consistent Hashing and Random Trees (1997).
 */
export class HashRing<C extends Candidate> {
  readonly #hashed: readonly HashedCandidate<C>[];
  /** Length of the list of all candidates, those of weight 0 included. */
  readonly #size: number;
  readonly #hashes: Uint32Array;
  readonly #owners: Uint32Array;

  private constructor(hashed: readonly HashedCandidate<C>[], size: number, { hashes, owners }: HashPoints) {
    this.#hashed = hashed;
    this.#size = size;
    this.#hashes = hashes;
    this.#owners = owners;
  }

  static *of<C extends Candidate>(candidates: readonly C[]): Steps<HashRing<C>> {
    const hashed = hashedCandidates(candidates);
    const points = yield* sortedPoints(yield* pointsOf(hashed));
    return new HashRing(hashed, candidates.length, points);
  }

  /** Number of points. */
  get size(): number {
    return this.#hashes.length;
  }

  /** The first point at or behind a hash. */
  pointAt(hash: number): number {
    const hashes = this.#hashes;
    let low = 0;
    let high = hashes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((hashes[middle] ?? 0) < hash) low = middle + 1;
      else high = middle;
    }
    return low === hashes.length ? 0 : low;
  }

  pointAfter(point: number): number {
    return point + 1 >= this.#hashes.length ? 0 : point + 1;
  }

  /** The candidates that own points. @param isShared whether other workers have leases of them */
  owners(isShared: boolean): KeyOwners<C> {
    return new KeyOwners(this.#hashed, this.#size, isShared);
  }

  /** The index of a point's owner among {@link owners}; -1 only when the ring has no points. */
  ownerAt(point: number): number {
    return this.#owners[point] ?? -1;
  }
}

function* pointsOf<C extends Candidate>(hashed: readonly HashedCandidate<C>[]): Steps<HashPoints> {
  const unit = weightUnit(hashed);
  const counts = hashed.map(({ candidate }) => Math.max(1, Math.round((candidate.weight / unit) * POINTS)));
  const points = hashPoints(counts.reduce((sum, count) => sum + count, 0));
  let at = 0;
  for (const [owner, { first, second }] of hashed.entries()) {
    const step = second | 1;
    let seed = first;
    for (let made = counts[owner] ?? 0; made > 0; made--) {
      seed = (seed + step) | 0;
      points.hashes[at] = mixBits(seed);
      points.owners[at] = owner;
      at += 1;
    }
    yield;
  }
  return points;
}

/**
 * The weight that gets {@link POINTS} points: the power of two at or below the average weight. It keeps the
 * ring small whether weights are 1 or 65535, and it rarely changes when a candidate joins or leaves.
 */
function weightUnit<C extends Candidate>(hashed: readonly HashedCandidate<C>[]): number {
  if (hashed.length === 0) return 1;
  const average = hashed.reduce((sum, { candidate }) => sum + candidate.weight, 0) / hashed.length;
  return 2 ** Math.floor(Math.log2(average));
}
