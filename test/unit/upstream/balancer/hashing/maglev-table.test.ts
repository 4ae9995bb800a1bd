import { expect, it } from 'vitest';
import { hashedCandidates } from '../../../../../src/upstream/balancer/hashing/hashed-candidates.ts';
import { maglevTable } from '../../../../../src/upstream/balancer/hashing/maglev-table.ts';
import { finished } from '../../../../../src/upstream/balancer/contract/steps.ts';
import { fakeCandidates } from '../../../../contract/balancer/fake-candidates.ts';

function slots(weights: number[]): number[] {
  const hashed = hashedCandidates(fakeCandidates(weights));
  const counts = new Array<number>(weights.length).fill(0);
  for (const owner of finished(maglevTable(hashed))) counts[owner]!++;
  return counts;
}

it('gives candidates of equal weight the same number of slots, plus or minus one', () => {
  const counts = slots([1, 1, 1, 1, 1, 1, 1]);
  expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(65_537);
});

it('gives slots in proportion to the weights', () => {
  const counts = slots([1, 2, 5]);
  for (const [at, weight] of [1, 2, 5].entries()) {
    expect(Math.abs(counts[at]! - (65_537 * weight) / 8)).toBeLessThan(8);
  }
});

it('gives at least one slot to the smallest weight beside the largest', () => {
  expect(slots([1, 65_535])[0]).toBeGreaterThanOrEqual(1);
});

it('grows so that each of many candidates has enough slots', () => {
  const counts = slots(new Array<number>(3000).fill(1));
  expect(Math.min(...counts)).toBeGreaterThan(200);
});

it('is empty without candidates', () => {
  expect(finished(maglevTable([]))).toHaveLength(0);
});
