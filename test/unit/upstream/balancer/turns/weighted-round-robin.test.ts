import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Chance } from '../../../../../src/upstream/balancer/contract/balancer.ts';
import { WeightedRoundRobin } from '../../../../../src/upstream/balancer/turns/weighted-round-robin.ts';
import {
  context,
  fakeCandidates,
  following,
  fromFirst,
} from '../../../../contract/balancer/fake-candidates.ts';

function sequence(
  weights: number[],
  picks: number,
  prepare?: (at: number, set: (candidate: number, available: boolean) => void) => void,
  chance: Chance = fromFirst,
) {
  const candidates = fakeCandidates(weights);
  const balancer = following(new WeightedRoundRobin(candidates, chance), candidates);
  let text = '';
  for (let at = 0; at < picks; at++) {
    prepare?.(at, (candidate, available) => (candidates[candidate]!.available = available));
    text += 'abcdef'.charAt(candidates.indexOf(balancer.pick(context())!));
  }
  return text;
}

it('mixes the turns of a round well', () => {
  expect(sequence([5, 1, 1], 14)).toBe('abaaacaabaaaca');
  expect(sequence([1, 1, 1], 6)).toBe('abcabc');
  expect(sequence([2, 1], 6)).toBe('abaaba');
  expect(sequence([4, 2, 1], 7)).toBe('abacaba');
});

it('never gives a large weight many turns in a row beside many small ones', () => {
  const weights = [100, ...new Array<number>(100).fill(1)];
  const candidates = fakeCandidates(weights);
  const balancer = new WeightedRoundRobin(candidates, fromFirst);
  const picked = Array.from({ length: 400 }, () => candidates.indexOf(balancer.pick(context())!));
  for (let at = 4; at <= 400; at += 4) {
    const large = picked.slice(at - 4, at).filter((candidate) => candidate === 0).length;
    expect(Math.abs(large - 2)).toBeLessThanOrEqual(1);
  }
});

it('gives each candidate exactly its weight in a round of all weights', () => {
  const weights = [7, 3, 5, 1];
  const round = sequence(weights, 16);
  expect(weights.map((_, at) => round.split('abcd'[at]!).length - 1)).toEqual(weights);
});

it('goes on evenly among the others when one goes down in the middle, and takes it back', () => {
  const text = sequence([2, 1, 1], 40, (at, set) => {
    if (at === 8) set(0, false);
    if (at === 24) set(0, true);
  });
  expect(text.slice(0, 8)).toBe('abacabac');
  expect(text.slice(8, 24)).toBe('bcbcbcbcbcbcbcbc');
  expect(text.slice(24)).toBe('abacabacabacabac');
});

it.each([[[5, 1, 1]], [[1, 1, 1]], [[2, 1]], [[4, 2, 1]]])(
  'begins anywhere in a round of %j, and goes on as the round does',
  (weights) => {
    const all = weights.reduce((sum, weight) => sum + weight, 0);
    const round = sequence(weights, all);
    const rounds = Array.from({ length: all }, (_, turn) => round.slice(turn) + round.slice(0, turn));
    const begun = Array.from({ length: 100 }, (_, at) => sequence(weights, all, undefined, () => at / 100));
    expect(new Set(begun)).toEqual(new Set(rounds));
  },
);

it('gives a candidate that counts for a part that part of its share', () => {
  const candidates = fakeCandidates([1, 1, 2]);
  const balancer = following(new WeightedRoundRobin(candidates, fromFirst), candidates);
  candidates[2]!.factor = 0.25;
  const counts = [0, 0, 0];
  for (let at = 0; at < 250; at++) counts[candidates.indexOf(balancer.pick(context())!)]! += 1;
  expect(counts).toEqual([100, 100, 50]);
});

it('is fair from any start, whatever the weights', () => {
  const weight = fc.integer({ min: 1, max: 1000 });
  fc.assert(
    fc.property(fc.array(weight, { minLength: 1, maxLength: 6 }), fc.nat({ max: 999 }), (weights, chance) => {
      const all = weights.reduce((sum, each) => sum + each, 0);
      const begun = sequence(weights, all, undefined, () => chance / 1000);
      for (const [at, each] of weights.entries()) {
        const picks = begun.split('abcdef'.charAt(at)).length - 1;
        expect(Math.abs(picks - each)).toBeLessThanOrEqual(2);
      }
    }),
    { numRuns: 100, seed: 7 },
  );
});
