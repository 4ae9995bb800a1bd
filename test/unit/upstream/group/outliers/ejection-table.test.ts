import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { OutlierWatch } from '../../../../../src/upstream/group/outliers/outlier-watch.ts';
import type { Member } from '../../../../../src/upstream/group/member.ts';
import { Ejection } from '../../../../../src/upstream/standing/ejection.ts';
import { owned } from '../../../../support/owned.ts';

const BASE_MS = 30_000;
const ROUND_MS = 1_000;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

/** So many backends, of which each fails at each request, as long as it is in. */
function failingBackends(count: number, maxEjectionPercent: number) {
  const times = { baseMs: BASE_MS, maxMs: 300_000, forgiveMs: 300_000 };
  const members = Array.from({ length: count }, (): Member => {
    const observer = { ejected: () => undefined, returned: () => undefined };
    const ejection = owned(new Ejection({ times, clock: { now: () => Date.now() }, observer }));
    const member = {
      ejection,
      isTakenOut: false,
      get up() {
        return !ejection.isOut;
      },
      get sound() {
        return !ejection.isOut;
      },
    };
    return member as unknown as Member;
  });
  const rules = {
    times,
    consecutiveFailures: 5,
    errorRate: 1,
    minRequests: 1_000,
    windowMs: 10_000,
    maxEjectionPercent,
    successRate: undefined,
    latency: undefined,
  };
  const watch = owned(new OutlierWatch(rules, () => undefined));
  watch.watch(members);
  const out = (): number => members.filter(({ ejection }) => ejection?.isOut === true).length;
  /** Lets all that are in fail for that time. Returns how many were out after each second. */
  const failFor = (ms: number): number[] =>
    Array.from({ length: ms / ROUND_MS }, () => {
      for (let request = 0; request < 5; request++)
        for (const member of members) if (member.up) watch.checksOf(member)?.ended(undefined, 500);
      vi.advanceTimersByTime(ROUND_MS);
      return out();
    });
  return { failFor, out };
}

it.each([
  { backends: 1, percent: 10, most: 0 },
  { backends: 1, percent: 34, most: 0 },
  { backends: 1, percent: 50, most: 0 },
  { backends: 1, percent: 100, most: 0 },
  { backends: 2, percent: 10, most: 0 },
  { backends: 2, percent: 34, most: 0 },
  { backends: 2, percent: 50, most: 1 },
  { backends: 2, percent: 100, most: 1 },
  { backends: 3, percent: 10, most: 0 },
  { backends: 3, percent: 34, most: 1 },
  { backends: 3, percent: 50, most: 1 },
  { backends: 3, percent: 100, most: 2 },
  { backends: 10, percent: 10, most: 1 },
  { backends: 10, percent: 34, most: 3 },
  { backends: 10, percent: 50, most: 5 },
  { backends: 10, percent: 100, most: 9 },
])(
  'of $backends backends, $percent % let at most $most be ejected at a time',
  ({ backends, percent, most }) => {
    const { failFor, out } = failingBackends(backends, percent);
    const during = failFor(BASE_MS - ROUND_MS);
    expect(new Set(during)).toEqual(new Set([most]));
    // The time of the first ejections is over: those who are back fail no more.
    vi.advanceTimersByTime(ROUND_MS);
    expect(out()).toBe(0);
    // Later ones are longer, and the limit holds all the same.
    const later = failFor(10 * BASE_MS);
    expect([Math.max(...later), later[0]]).toEqual([most, most]);
  },
);
