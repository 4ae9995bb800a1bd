import { describe, expect, it } from 'vitest';

import { UpstreamRetryBudget } from '../../../../src/upstream/recovery/retry-budget.ts';
import { RetryCounts } from '../../../../src/upstream/recovery/retry-counts.ts';

/** How many of so many tries a budget allows while so many requests run. */
function allowed(requests: number, tries: number, settings = { percent: 20, min: 3 }): number {
  const budget = new UpstreamRetryBudget(new RetryCounts(), settings);
  for (let request = 0; request < requests; request++) budget.begin();
  return Array.from({ length: tries }, () => budget.take()).filter(Boolean).length;
}

describe('the budget of second tries', () => {
  it.each([
    [1, 3],
    [15, 3],
    [20, 4],
    [100, 20],
    [1_000, 200],
  ])('of %i requests is %i', (requests, tries) => {
    expect(allowed(requests, requests * 2)).toBe(Math.min(tries, requests * 2));
  });

  it('may be 0', () => {
    expect(allowed(100, 10, { percent: 0, min: 0 })).toBe(0);
  });

  it('is free again when tries end, and shrinks when requests do', () => {
    const budget = new UpstreamRetryBudget(new RetryCounts(), { percent: 20, min: 1 });
    for (let request = 0; request < 10; request++) budget.begin();
    expect([budget.take(), budget.take(), budget.take()]).toEqual([true, true, false]);
    budget.release();
    expect(budget.take()).toBe(true);
    for (let request = 0; request < 5; request++) budget.end();
    budget.release();
    expect(budget.take()).toBe(false);
  });
});

/**
 * Everything fails, on a set clock: requests come one a millisecond, each try takes 50 ms, and a failed request asks for another try, up to 5,
 * which begins after a random delay that counts against the budget.
 */
function attemptsWith(arrivals: number, delayMs: number): number {
  const budget = new UpstreamRetryBudget(new RetryCounts(), { percent: 20, min: 3 });
  const TRY_MS = 50;
  const ends = new Map<number, { tries: number; holds: boolean }[]>();
  const at = (time: number, request: { tries: number; holds: boolean }): void => {
    ends.set(time, [...(ends.get(time) ?? []), request]);
  };
  let attempts = 0;
  for (let time = 0; time < arrivals + 10_000; time++) {
    if (time < arrivals) {
      budget.begin();
      attempts += 1;
      at(time + TRY_MS, { tries: 1, holds: false });
    }
    for (const request of ends.get(time) ?? []) {
      if (request.holds) budget.release();
      if (request.tries < 5 && budget.take()) {
        attempts += 1;
        at(time + delayMs + TRY_MS, { tries: request.tries + 1, holds: true });
      } else budget.end();
    }
  }
  return attempts;
}

describe('the tries of requests that all fail', () => {
  it.each([0, 20, 100])('stay below 1.25 for each request with delays of %i ms', (delayMs) => {
    const attempts = attemptsWith(10_000, delayMs);
    expect(attempts).toBeLessThanOrEqual(1.25 * 10_000 + 3);
    expect(attempts).toBeGreaterThan(10_000);
  });
});
