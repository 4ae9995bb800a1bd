import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Chance } from '../../../../../src/upstream/balancer/contract/balancer.ts';
import { WeightedRoundRobin } from '../../../../../src/upstream/balancer/turns/weighted-round-robin.ts';
import { context, fakeCandidates, fromFirst } from '../../../../contract/balancer/fake-candidates.ts';

function sequence(
  weights: number[],
  picks: number,
  prepare?: (at: number, set: (candidate: number, available: boolean) => void) => void,
  chance: Chance = fromFirst,
) {
  const candidates = fakeCandidates(weights);
  const balancer = new WeightedRoundRobin(candidates, chance);
  let text = '';
  for (let at = 0; at < picks; at++) {
    prepare?.(at, (candidate, available) => (candidates[candidate]!.available = available));
    text += 'abcdef'.charAt(candidates.indexOf(balancer.pick(context())!));
  }
  return text;
}

it('follows the smooth sequence exactly', () => {
  expect(sequence([5, 1, 1], 14)).toBe('aabacaaaabacaa');
  expect(sequence([1, 1, 1], 6)).toBe('abcabc');
  expect(sequence([2, 1], 6)).toBe('abaaba');
  expect(sequence([4, 2, 1], 7)).toBe('abacaba');
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
  expect(text.slice(0, 8)).toBe('abcaabca');
  expect(text.slice(8, 24)).toBe('bcbcbcbcbcbcbcbc');
  expect(text.slice(24)).toBe('abcaabcaabcaabca');
});

it.each([[[5, 1, 1]], [[1, 1, 1]], [[2, 1]], [[4, 2, 1]]])(
  'begins at each turn of a round of %j as often as at any other, and goes on as the round does',
  (weights) => {
    const all = weights.reduce((sum, weight) => sum + weight, 0);
    const round = sequence(weights, all);
    for (let turn = 0; turn < all; turn++) {
      const begun = sequence(weights, 2 * all, undefined, () => turn / all);
      expect(begun).toBe(round.slice(turn) + round + round.slice(0, turn));
    }
  },
);

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
