import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SumTree } from '../../../../../src/upstream/balancer/selection/sum-tree.ts';

it('leads each point to the weight that it lies in, whatever was changed before', () => {
  const change = fc.record({ at: fc.nat({ max: 20 }), weight: fc.nat({ max: 9 }) });
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 21 }),
      fc.array(change),
      (weights, changes) => {
        const tree = new SumTree(weights);
        const model = [...weights];
        for (const { at, weight } of changes) {
          if (at >= model.length) continue;
          tree.set(at, weight);
          model[at] = weight;
        }
        const owners = model.flatMap((weight, at) => new Array<number>(weight).fill(at));
        expect(tree.total).toBe(owners.length);
        for (const [point, owner] of owners.entries()) expect(tree.find(point)).toBe(owner);
      },
    ),
    { numRuns: 100, seed: 7 },
  );
});

it('never finds a weight of 0, not even at a point behind the last one', () => {
  const tree = new SumTree([0, 0.1, 0, 0.2, 0, 0, 0]);
  expect(tree.find(0)).toBe(1);
  expect(tree.find(tree.total)).toBe(3);
  expect(tree.find(5)).toBe(3);
});
