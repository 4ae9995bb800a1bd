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

it('does not take how long a tunnel or a response lasted for the time to an answer', () => {
  const times = new ResponseTimes(false, () => 1);
  times.responded(80);
  times.ended('backend_reset', 200, 60_000);
  expect(times.at(1)).toBe(90);
  const connects = new ResponseTimes(false, () => 1);
  connects.connected(80);
  connects.ended('backend_reset', 0, 60_000);
  expect(connects.at(1)).toBe(90);
});

it('follows peaks at once where it is asked to', () => {
  const times = new ResponseTimes(true);
  times.responded(10);
  times.responded(500);
  expect(times.at(performance.now())).toBe(500);
});
