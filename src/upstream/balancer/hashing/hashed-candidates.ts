import type { Candidate } from '../contract/balancer.ts';
import { hashText } from './hash-text.ts';

const FIRST_SEED = 0x0f1e2d3c;
const SECOND_SEED = 0x7a6b5c4d;

/** A candidate with two independent hashes of its id. */
export interface HashedCandidate<C extends Candidate> {
  readonly candidate: C;
  /** Its index in the list that the balancer is made with. */
  readonly at: number;
  readonly first: number;
  readonly second: number;
}

/**
 * The candidates with a weight above 0 in an order that depends on their ids alone. Two that share an id
 * (one address under two names) get different hashes, as if they were different servers.
 */
export function hashedCandidates<C extends Candidate>(candidates: readonly C[]): HashedCandidate<C>[] {
  const sorted = candidates
    .map((candidate, at) => ({ candidate, at }))
    .filter(({ candidate }) => candidate.weight > 0)
    .sort(({ candidate: a }, { candidate: b }) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  let repeats = 0;
  return sorted.map(({ candidate, at }, place) => {
    repeats = place > 0 && sorted[place - 1]?.candidate.id === candidate.id ? repeats + 1 : 0;
    const text = repeats === 0 ? candidate.id : `${candidate.id}\0${repeats}`;
    return { candidate, at, first: hashText(text, FIRST_SEED), second: hashText(text, SECOND_SEED) };
  });
}
