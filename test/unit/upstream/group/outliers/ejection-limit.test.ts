import { describe, expect, it } from 'vitest';

import { mayEject } from '../../../../../src/upstream/group/outliers/ejection-limit.ts';

/** How many of so many backends that all fail are ejected. */
function ejectedOf(all: number, maxPercent: number): number {
  let ejected = 0;
  while (mayEject({ all, ejected, up: all - ejected }, maxPercent)) ejected += 1;
  return ejected;
}

describe('the limit of ejections, judged after the ejection', () => {
  it.each([
    [1, 0, 0, 0, 0],
    [2, 0, 0, 1, 1],
    [3, 0, 1, 1, 2],
    [10, 1, 3, 5, 9],
  ])('of %i backends, ejects %i at 10 %%, %i at 34 %%, %i at 50 %%, %i at 100 %%', (all, ...counts) => {
    expect([10, 34, 50, 100].map((percent) => ejectedOf(all, percent))).toEqual(counts);
  });

  it('spares the last one that is up, whatever keeps the others down', () => {
    expect(mayEject({ all: 10, ejected: 0, up: 1 }, 100)).toBe(false);
  });
});
