import { expect, it } from 'vitest';

import { ReadingIds } from '../../../../../src/runtime/worker/readings/reading-ids.ts';

it('numbers things above a given number, and keeps their numbers', () => {
  const [a, b] = [{}, {}];
  const ids = new ReadingIds(2 ** 40);
  const numbers = [a, b, a].map((thing) => ids.of(thing) - 2 ** 40);
  expect(numbers).toEqual([1, 2, 1]);
});
