import { expect, it } from 'vitest';
import { HashRing } from '../../../../../src/upstream/balancer/hashing/hash-ring.ts';
import { finished } from '../../../../../src/upstream/balancer/contract/steps.ts';
import { fakeCandidates } from '../../../../contract/balancer/fake-candidates.ts';

function pointsOf(weights: number[]): number[] {
  const candidates = fakeCandidates(weights);
  const ring = finished(HashRing.of(candidates));
  const owners = ring.owners(false).candidates;
  const counts = new Array<number>(weights.length).fill(0);
  for (let point = 0; point < ring.size; point++) counts[candidates.indexOf(owners[ring.ownerAt(point)]!)]!++;
  return counts;
}

it('gives points in proportion to the weights, whatever their scale', () => {
  expect(pointsOf([1, 1, 1])).toEqual([256, 256, 256]);
  expect(pointsOf([64, 64, 128])).toEqual([256, 256, 512]);
  expect(pointsOf([0.25, 0.25, 0.5])).toEqual([256, 256, 512]);
});

it('gives at least one point to the smallest weight and stays small', () => {
  const points = pointsOf([1, 65_535]);
  expect(points[0]).toBe(1);
  expect(points[1]).toBeLessThan(1100);
});

it('leads each hash to the next point and from the last one to the first', () => {
  const ring = finished(HashRing.of(fakeCandidates([1, 1])));
  expect(ring.pointAt(0)).toBe(0);
  expect(ring.pointAt(0xffff_ffff)).toBe(0);
  expect(ring.pointAfter(ring.size - 1)).toBe(0);
  expect(ring.pointAfter(0)).toBe(1);
});

it('is empty without candidates', () => {
  const ring = finished(HashRing.of(fakeCandidates([0])));
  expect(ring.size).toBe(0);
  expect(ring.ownerAt(ring.pointAt(5))).toBe(-1);
});
