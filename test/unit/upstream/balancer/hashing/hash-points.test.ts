import fc from 'fast-check';
import { expect, it } from 'vitest';
import { sortedPoints } from '../../../../../src/upstream/balancer/hashing/hash-points.ts';
import { finished } from '../../../../../src/upstream/balancer/contract/steps.ts';

function sorted(hashes: readonly number[]): [hash: number, owner: number][] {
  const owners = Uint32Array.from(hashes, (_, at) => at);
  const points = finished(sortedPoints({ hashes: Uint32Array.from(hashes), owners }));
  return Array.from(points.hashes, (hash, at) => [hash, points.owners[at]!]);
}

it('sorts points by their hashes, and those with the same hash stay in their order', () => {
  const hash = fc.oneof(fc.integer({ min: 0, max: 0xffff_ffff }), fc.constantFrom(0, 7, 0xffff_ffff));
  fc.assert(
    fc.property(fc.array(hash, { maxLength: 300 }), (hashes) => {
      const expected = hashes.map((one, owner) => [one, owner] as const).toSorted(([a], [b]) => a - b);
      expect(sorted(hashes)).toEqual(expected);
    }),
  );
});

it('sorts more points than fit into a step', () => {
  const hashes = Array.from({ length: 20_000 }, (_, at) => Math.imul(at, 0x9e3779b1) >>> 0);
  expect(sorted(hashes).map(([hash]) => hash)).toEqual(hashes.toSorted((a, b) => a - b));
});
