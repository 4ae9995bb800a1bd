import type { Candidate } from '../contract/balancer.ts';
import type { HashedCandidate } from './hashed-candidates.ts';
import type { Steps } from '../contract/steps.ts';

/** A prime, as the paper demands. One size for nearly all upstreams, because another size moves nearly all keys. */
const TABLE_SIZE = 65_537;
/** For upstreams in which a candidate would get too few slots otherwise; a prime too. */
const LARGE_TABLE_SIZE = 655_373;
const MIN_SLOTS_EACH = 32;

/** One step fills so many slots. */
const STEP_SLOTS = 4096;
const EMPTY = 0xffff_ffff;
/** Ends a list of owners. */
const NOBODY = -1;

/**
 * Fills Maglev's lookup table: candidates take turns, as often as their weights say, and each takes the next
 * free slot of its own permutation of the slots. Gives the candidate's index for each slot, of which there
 * is a prime number; each candidate has at least one.
 *
 * Source: Eisenbud et al., Maglev: A Fast and Reliable Software Network Load Balancer (2016), section 3.4.
 */
export function* maglevTable<C extends Candidate>(hashed: readonly HashedCandidate<C>[]): Steps<Uint32Array> {
  if (hashed.length === 0) return new Uint32Array(0);
  const size = hashed.length * MIN_SLOTS_EACH <= TABLE_SIZE ? TABLE_SIZE : LARGE_TABLE_SIZE;
  const table = new Uint32Array(size).fill(EMPTY);
  const next = Uint32Array.from(hashed, ({ first }) => first % size);
  const skip = Uint32Array.from(hashed, ({ second }) => (second % (size - 1)) + 1);
  const share = relativeWeights(hashed);
  const taken = new Float64Array(hashed.length);
  const turns = new Turns(hashed.length, size);
  let filled = 0;
  for (let round = 0; ; round++) {
    let owner = turns.firstOf(round);
    while (owner !== NOBODY) {
      const step = skip[owner] ?? 1;
      let slot = next[owner] ?? 0;
      while (table[slot] !== EMPTY) slot = advance(slot, step, size);
      table[slot] = owner;
      next[owner] = advance(slot, step, size);
      filled += 1;
      if (filled === size) return table;
      if (filled % STEP_SLOTS === 0) yield;
      const had = (taken[owner] ?? 0) + 1;
      taken[owner] = had;
      const after = turns.after(owner);
      // The round in which round × share reaches the turns already taken.
      turns.add(owner, Math.max(round + 1, Math.ceil(had / (share[owner] ?? 1))));
      owner = after;
    }
  }
}

/**
 * For each round, the list of the candidates that have a turn in it. One large weight beside many small ones makes many rounds, and to
 * check all candidates in each round would delay traffic.
 */
class Turns {
  readonly #first: Int32Array;
  readonly #after: Int32Array;

  /** All owners have a turn in the first round. There is at least one turn in each round. */
  constructor(owners: number, slots: number) {
    this.#first = new Int32Array(slots).fill(NOBODY);
    this.#after = new Int32Array(owners);
    for (let owner = owners - 1; owner >= 0; owner--) this.add(owner, 0);
  }

  firstOf(round: number): number {
    return this.#first[round] ?? NOBODY;
  }

  after(owner: number): number {
    return this.#after[owner] ?? NOBODY;
  }

  add(owner: number, round: number): void {
    // All slots are filled before that round.
    if (round >= this.#first.length) return;
    this.#after[owner] = this.#first[round] ?? NOBODY;
    this.#first[round] = owner;
  }
}

function advance(slot: number, step: number, size: number): number {
  const after = slot + step;
  return after >= size ? after - size : after;
}

/** The weights divided by the largest one, which has a turn in each round. */
function relativeWeights<C extends Candidate>(hashed: readonly HashedCandidate<C>[]): Float64Array {
  const heaviest = hashed.reduce((most, { candidate }) => Math.max(most, candidate.weight), 0);
  return Float64Array.from(hashed, ({ candidate }) => candidate.weight / heaviest);
}
