import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Ejection } from '../../../../src/upstream/standing/ejection.ts';

const SECOND = 1_000;
/** What speaks against the backend. */
const FAILS = { cause: 'consecutive_failures', reason: 'it fails' } as const;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

function lab() {
  const told: string[] = [];
  const ejection = new Ejection({
    times: { baseMs: 30 * SECOND, maxMs: 300 * SECOND, forgiveMs: 10 * SECOND },
    clock: { now: () => Date.now() },
    observer: {
      ejected: ({ count, durationMs }) => void told.push(`${count}: ${durationMs / SECOND}s`),
      returned: (reason) => void told.push(reason),
    },
  });
  return { ejection, told };
}

describe('an ejection', () => {
  it('lasts longer each time in a row, up to its longest time', () => {
    const { ejection } = lab();
    const durations = Array.from({ length: 12 }, () => {
      ejection.eject(FAILS);
      const { leftMs } = ejection;
      vi.advanceTimersByTime(leftMs);
      expect(ejection.isOut).toBe(false);
      return leftMs / SECOND;
    });
    expect(durations).toEqual([30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 300, 300]);
  });

  it('is forgiven bit by bit while the backend stays in', () => {
    const { ejection } = lab();
    for (let time = 0; time < 3; time++) {
      ejection.eject(FAILS);
      vi.advanceTimersByTime(ejection.leftMs);
    }
    vi.advanceTimersByTime(20 * SECOND);
    ejection.eject(FAILS);
    expect(ejection.leftMs).toBe(60 * SECOND);
  });

  it('ends before its time when it is taken back, and tells each change once', () => {
    const { ejection, told } = lab();
    let changes = 0;
    ejection.changes.follow(() => (changes += 1));
    expect([ejection.eject(FAILS), ejection.eject(FAILS)]).toEqual([true, false]);
    ejection.end('an active check passed');
    ejection.end('an active check passed');
    expect(told).toEqual(['1: 30s', 'an active check passed']);
    expect([ejection.isOut, changes]).toEqual([false, 2]);
  });

  it('begins with no failures in a row, and so does what comes after it', () => {
    const { ejection } = lab();
    ejection.countFailure();
    expect(ejection.countFailure()).toBe(2);
    ejection.eject(FAILS);
    expect(ejection.countFailure()).toBe(1);
    ejection.countSuccess();
    expect(ejection.countFailure()).toBe(1);
  });
});
