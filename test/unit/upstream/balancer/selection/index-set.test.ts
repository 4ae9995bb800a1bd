import fc from 'fast-check';
import { expect, it } from 'vitest';
import { IndexSet } from '../../../../../src/upstream/balancer/selection/index-set.ts';

it.each([1, 31, 32, 33, 1024, 1025, 40_000])(
  'finds the next of %d indexes as a sorted list does',
  (capacity) => {
    const change = fc.record({
      at: fc.nat({ max: capacity - 1 }),
      adds: fc.boolean(),
      from: fc.nat({ max: capacity }),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
        const set = new IndexSet(capacity);
        const model = new Set<number>();
        for (const { at, adds, from } of changes) {
          if (adds) {
            set.add(at);
            model.add(at);
          } else {
            set.delete(at);
            model.delete(at);
          }
          const sorted = [...model].sort((a, b) => a - b);
          expect(set.next(from)).toBe(sorted.find((one) => one >= from) ?? sorted[0] ?? -1);
          expect(set.has(at)).toBe(adds);
        }
      }),
      { numRuns: 60, seed: 7 },
    );
  },
);
