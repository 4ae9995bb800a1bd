import type { Candidate, Chance, PickContext } from '../../../src/upstream/balancer/contract/balancer.ts';

/** A candidate whose state a test may change. */
export interface FakeCandidate extends Candidate {
  readonly id: string;
  readonly weight: number;
  active: number;
  available: boolean;
}

/** One candidate for each weight, at 10.0.0.1:80 and following. */
export function fakeCandidates(weights: readonly number[]): FakeCandidate[] {
  return weights.map((weight, at) => ({
    id: `10.0.${Math.floor(at / 250)}.${(at % 250) + 1}:80`,
    weight,
    active: 0,
    available: true,
  }));
}

export function context(key?: string, exclude?: Iterable<Candidate>): PickContext {
  return { key, exclude: exclude === undefined ? undefined : new Set(exclude) };
}

/** Makes turns begin with the first candidate. */
export const fromFirst: Chance = () => 0;

/** The same chances each time for a seed (mulberry32). */
export function seededChance(seed: number): Chance {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Keys as they come: addresses of clients. */
export function clientKeys(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `192.168.${Math.floor(at / 256)}.${at % 256}`);
}
