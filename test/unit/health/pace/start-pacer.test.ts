import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { StartPacer } from '../../../../src/health/pace/start-pacer.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function many(count: number) {
  const pacer = new StartPacer();
  let started = 0;
  for (let made = 0; made < count; made += 1) pacer.add({ start: () => (started += 1) });
  return { pacer, started: () => started };
}

it('starts a few at once', () => {
  const { started } = many(5);
  vi.advanceTimersByTime(1);
  expect(started()).toBe(5);
});

it('spreads many over a second, evenly, and leaves none out', () => {
  const { started } = many(10_000);
  vi.advanceTimersByTime(1);
  expect(started()).toBe(100);
  vi.advanceTimersByTime(500);
  expect(started()).toBe(5_100);
  vi.advanceTimersByTime(500);
  expect(started()).toBe(10_000);
});

it('goes on with those that come later', () => {
  const { pacer, started } = many(1);
  vi.advanceTimersByTime(1);
  let late = false;
  pacer.add({ start: () => (late = true) });
  vi.advanceTimersByTime(1);
  expect([started(), late]).toEqual([1, true]);
});
