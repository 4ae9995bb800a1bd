import type { Candidate } from './balancer.ts';
import type { HashedCandidate } from './hashed-candidates.ts';

/** A prime, as the paper demands. One size for nearly all upstreams, because another size moves nearly all keys. */
const TABLE_SIZE = 65_537;
/** For upstreams in which a candidate would get too few slots otherwise; a prime too. */
const LARGE_TABLE_SIZE = 655_373;
const MIN_SLOTS_EACH = 32;

const EMPTY = 0xffff_ffff;

/**
 * Fills Maglev's lookup table: candidates take turns, as often as their weights say, and each takes the next
 * free slot of its own permutation of the slots. Gives the candidate's index for each slot, of which there
 * is a prime number; each candidate has at least one.
 *
 * Source: Eisenbud et al., Maglev: A Fast and Reliable Software Network Load Balancer (2016), section 3.4.
 */
export function maglevTable<C extends Candidate>(hashed: readonly HashedCandidate<C>[]): Uint32Array {
  if (hashed.length === 0) return new Uint32Array(0);
  const size = hashed.length * MIN_SLOTS_EACH <= TABLE_SIZE ? TABLE_SIZE : LARGE_TABLE_SIZE;
  const table = new Uint32Array(size).fill(EMPTY);
  const next = Uint32Array.from(hashed, ({ first }) => first % size);
  const skip = Uint32Array.from(hashed, ({ second }) => (second % (size - 1)) + 1);
  const share = relativeWeights(hashed);
  const taken = new Float64Array(hashed.length);
  let filled = 0;
  for (let round = 0; ; round++) {
    for (let owner = 0; owner < hashed.length; owner++) {
      // A turn is due whenever round × share passes the turns already taken; the first one in round 0.
      if (round * (share[owner] ?? 0) < (taken[owner] ?? 0)) continue;
      taken[owner] = (taken[owner] ?? 0) + 1;
      const step = skip[owner] ?? 1;
      let slot = next[owner] ?? 0;
      while (table[slot] !== EMPTY) slot = advance(slot, step, size);
      table[slot] = owner;
      next[owner] = advance(slot, step, size);
      if (++filled === size) return table;
    }
  }
}

function advance(slot: number, step: number, size: number): number {
  const after = slot + step;
  return after >= size ? after - size : after;
}

/** Weights as a part of the largest one, which gets a turn in each round. */
function relativeWeights<C extends Candidate>(hashed: readonly HashedCandidate<C>[]): Float64Array {
  const heaviest = hashed.reduce((most, { candidate }) => Math.max(most, candidate.weight), 0);
  return Float64Array.from(hashed, ({ candidate }) => candidate.weight / heaviest);
}
