import { expect, it } from 'vitest';

import { partOf } from '../../../src/shared/part-of.ts';

it('divides a number among workers, so that all parts together are the number', () => {
  const parts = (whole: number, workers: number): number[] =>
    Array.from({ length: workers }, (_, worker) => partOf(whole, worker, workers));
  expect(parts(10, 4)).toEqual([3, 3, 2, 2]);
  expect(parts(2, 4)).toEqual([1, 1, 0, 0]);
  expect(parts(7, 1)).toEqual([7]);
});
