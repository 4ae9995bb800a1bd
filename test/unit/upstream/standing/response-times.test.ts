import { expect, it, vi } from 'vitest';
import { ResponseTimes } from '../../../../src/upstream/standing/response-times.ts';

it('follows what it hears, counts failures as slow, and fades while nothing comes', () => {
  vi.useFakeTimers({ now: 0, toFake: ['performance'] });
  const times = new ResponseTimes(false);
  expect(times.at(performance.now())).toBe(0);
  times.responded(80);
  expect(times.at(performance.now())).toBe(80);
  times.responded(160);
  expect(times.at(performance.now())).toBe(90);
  times.ended(undefined, 503, 1);
  expect(times.at(performance.now())).toBe(101.25);
  times.ended('client_abort', 0, 5_000);
  expect(times.at(performance.now())).toBe(101.25);
  vi.advanceTimersByTime(10_000);
  expect(times.at(performance.now())).toBeCloseTo(50.625);
  vi.useRealTimers();
});

it('follows peaks at once where it is asked to', () => {
  const times = new ResponseTimes(true);
  times.responded(10);
  times.responded(500);
  expect(times.at(performance.now())).toBe(500);
});
