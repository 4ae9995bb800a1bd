import { expect, it } from 'vitest';
import { WeightedRoundRobin } from '../../../../src/upstream/balancer/weighted-round-robin.ts';
import { context, fakeCandidates } from '../../../contract/balancer/fake-candidates.ts';

function sequence(
  weights: number[],
  picks: number,
  prepare?: (at: number, set: (candidate: number, available: boolean) => void) => void,
) {
  const candidates = fakeCandidates(weights);
  const balancer = new WeightedRoundRobin(candidates);
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
