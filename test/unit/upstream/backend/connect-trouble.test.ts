import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { ConnectTrouble } from '../../../../src/upstream/backend/connect-trouble.ts';
import { OwnNumber } from '../../../../src/upstream/standing/standing-words.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Workers that share a backend, and what they tell of it. */
function workers(count: number) {
  const told: string[] = [];
  const word = new OwnNumber();
  const all = Array.from(
    { length: count },
    () =>
      new ConnectTrouble(word, {
        connectsFail: (error) => void told.push(error),
        connectsWork: (failedForMs) => void told.push(`fine after ${String(failedForMs)}`),
      }),
  );
  return { told, all };
}

describe('connects to a backend', () => {
  it('are told of once when they begin to fail, and once when they work again', () => {
    const { told, all } = workers(2);
    for (const trouble of [...all, ...all]) trouble.failed('refused');
    vi.advanceTimersByTime(3_000);
    expect(all.map(({ areFailing }) => areFailing)).toEqual([true, true]);
    for (const trouble of all) trouble.worked();
    expect(told).toEqual(['refused', 'fine after 3000']);
  });

  it('are told of some time later when they fail again soon, though none follows', () => {
    const { told, all } = workers(1);
    for (const one of all) {
      one.failed('refused');
      one.worked();
      one.failed('refused again');
      expect([one.areFailing, one.error]).toEqual([true, 'refused again']);
    }
    expect(told).toEqual(['refused', 'fine after 0']);
    vi.advanceTimersByTime(10_000);
    expect(told).toEqual(['refused', 'fine after 0', 'refused again']);
  });

  it('are not told of when they fail and work in turn', () => {
    const { told, all } = workers(1);
    for (let time = 0; time < 8; time++) {
      for (const one of all) {
        one.failed('refused');
        one.worked();
      }
      vi.advanceTimersByTime(1_000);
    }
    expect(told).toHaveLength(2);
  });

  it('are said to fail since they began to, though another worker saw the time before', () => {
    const { told, all } = workers(2);
    const [one, other] = [all[0]!, all[1]!];
    other.failed('refused');
    one.worked();
    vi.advanceTimersByTime(60_000);
    one.failed('timed out');
    expect([other.areFailing, other.sinceMs, other.error]).toEqual([true, undefined, undefined]);
    vi.advanceTimersByTime(1_000);
    other.failed('timed out');
    expect([one.sinceMs, other.sinceMs]).toEqual([Date.now() - 1_000, Date.now()]);
    vi.advanceTimersByTime(4_000);
    one.worked();
    expect(told).toEqual(['refused', 'fine after undefined', 'timed out', 'fine after 5000']);
    expect([one.sinceMs, other.error]).toEqual([undefined, undefined]);
  });
});
