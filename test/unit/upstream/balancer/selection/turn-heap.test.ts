import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TurnHeap } from '../../../../../src/upstream/balancer/selection/turn-heap.ts';

const SIZE = 12;

interface Entry {
  readonly at: number;
  readonly load: number;
  readonly deadline: number;
}

function before(one: Entry, other: Entry): number {
  return one.load - other.load || one.deadline - other.deadline || one.at - other.at;
}

it('knows who is first, and who is without some of them, as a sorted list does', () => {
  const change = fc.record({
    at: fc.nat({ max: SIZE - 1 }),
    load: fc.nat({ max: 4 }),
    deadline: fc.nat({ max: 3 }),
    leaves: fc.boolean(),
    refused: fc.array(fc.nat({ max: SIZE - 1 })),
  });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 80 }), (changes) => {
      const heap = new TurnHeap(SIZE);
      const model = new Map<number, Entry>();
      for (const { at, load, deadline, leaves, refused } of changes) {
        if (leaves) {
          heap.delete(at);
          model.delete(at);
        } else {
          heap.put(at, load, deadline);
          model.set(at, { at, load, deadline });
        }
        const sorted = [...model.values()].sort(before).map((entry) => entry.at);
        expect(heap.first).toBe(sorted[0] ?? -1);
        expect(heap.firstOf((one) => !refused.includes(one))).toBe(
          sorted.find((one) => !refused.includes(one)) ?? -1,
        );
        expect(heap.has(at)).toBe(!leaves);
      }
    }),
    { numRuns: 200, seed: 7 },
  );
});
