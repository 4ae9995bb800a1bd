import { describe, expect, it } from 'vitest';

import { slowMembers } from '../../../../../src/upstream/group/outliers/slow-members.ts';

const RULES = { factor: 3, minHosts: 2, minRequests: 10, minMs: 50 };

/** The indexes of the members that are too slow, by the mean times of all. */
function slowOf(meansMs: readonly number[], rules: Partial<typeof RULES> = {}, responses = 10): number[] {
  const counts = new Map(
    meansMs.map((meanMs, at) => [
      at,
      { total: responses, failures: 0, responses, waitedMs: meanMs * responses },
    ]),
  );
  return slowMembers(counts, { ...RULES, ...rules }).map(({ member }) => member);
}

describe('members are slow', () => {
  it.each([
    [[200], []],
    [[10, 200], [1]],
    [[200, 200], []],
    [[10, 20, 200], [2]],
    // The median of the others is not that of all: two of three slow ones hide each other.
    [[10, 200, 200], []],
    [
      [10, 10, 10, 10, 10, 10, 10, 400, 10, 200],
      [7, 9],
    ],
    [[100, 100, 100, 299], []],
    [[100, 100, 100, 301], [3]],
  ])('means of %j: %j', (means, slow) => {
    expect(slowOf(means)).toEqual(slow);
  });

  it('only with enough responses, and enough others that have them', () => {
    expect(slowOf([10, 200], {}, 9)).toEqual([]);
    expect(slowOf([10, 200], { minHosts: 3 })).toEqual([]);
  });

  it('never below the shortest time that counts', () => {
    expect(slowOf([1, 1, 1, 49])).toEqual([]);
    expect(slowOf([1, 1, 1, 50])).toEqual([3]);
  });
});
