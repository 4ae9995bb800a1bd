import { beforeEach, describe, expect, it, vi } from 'vitest';

import {
  TrafficTally,
  type ThreadSubscriber,
} from '../../../../../src/runtime/reload/follow/traffic-tally.ts';
import type { CountedTraffic } from '../../../../../src/readings/traffic.ts';
import { owned } from '../../../../support/owned.ts';
import { exchangeRecord } from '../../../telemetry/records.ts';

const WATCHED = { window: 10_000, max_error_ratio: 0.1 };

beforeEach(() => {
  vi.useFakeTimers();
  owned({ close: () => void vi.useRealTimers() });
});

function lab() {
  const told: CountedTraffic[] = [];
  const subscribers = new Set<ThreadSubscriber>();
  const subscribe = (subscriber: ThreadSubscriber) => {
    subscribers.add(subscriber);
    return () => subscribers.delete(subscriber);
  };
  const tally = new TrafficTally({ subscribe }, (traffic) => told.push(traffic));
  owned({ close: () => tally.destroy() });
  const answer = (status: number, durationMs = 0): void => {
    for (const subscriber of subscribers) subscriber.exchange(exchangeRecord({ status, durationMs }));
  };
  return { told, subscribers, tally, answer };
}

describe('the tally of the traffic of a worker', () => {
  it('counts nothing unless the config asks for a rollback', () => {
    const { tally, subscribers, told } = lab();
    tally.follow(undefined, 'a');
    expect(subscribers.size).toBe(0);
    tally.follow(WATCHED, 'b');
    expect(subscribers.size).toBe(1);
    tally.follow(undefined, 'c');
    expect(subscribers.size).toBe(0);
    vi.advanceTimersByTime(10_000);
    expect(told).toEqual([]);
  });

  it('tells what ended, and what of it began under the live config', () => {
    const { tally, told, answer } = lab();
    tally.follow(WATCHED, 'a');
    vi.advanceTimersByTime(1000);
    answer(200, 500);
    answer(502, 2000);
    answer(500);
    vi.advanceTimersByTime(500);
    expect(told).toEqual([{ exchanges: 3, failed: 2, hash: 'a', begun: { exchanges: 2, failed: 1 } }]);
    vi.advanceTimersByTime(5000);
    expect(told).toHaveLength(1);
  });

  it('tells what ended before an edit under the config that was live then', () => {
    const { tally, told, answer } = lab();
    tally.follow(WATCHED, 'a');
    answer(500);
    tally.follow(WATCHED, 'b');
    vi.advanceTimersByTime(100);
    answer(500, 200);
    vi.advanceTimersByTime(500);
    expect(told).toEqual([
      { exchanges: 1, failed: 1, hash: 'a', begun: { exchanges: 1, failed: 1 } },
      { exchanges: 1, failed: 1, hash: 'b', begun: { exchanges: 0, failed: 0 } },
    ]);
  });

  it('goes on with a config when only plugins change', () => {
    const { tally, told, answer } = lab();
    tally.follow(WATCHED, 'a');
    vi.advanceTimersByTime(100);
    tally.follow(WATCHED, 'a');
    answer(500, 50);
    vi.advanceTimersByTime(500);
    expect(told).toEqual([{ exchanges: 1, failed: 1, hash: 'a', begun: { exchanges: 1, failed: 1 } }]);
  });
});
