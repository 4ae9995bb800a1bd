import { describe, expect, it } from 'vitest';

import { LogClock } from '../../../../../src/telemetry/logs/format/log-clock.ts';

const SECOND_MS = Date.UTC(2025, 10, 17, 15, 0, 1);

describe('the time of a log line', () => {
  it('has milliseconds in JSON, so that programs can order the lines of one second', () => {
    let nowMs = SECOND_MS;
    const clock = new LogClock(() => nowMs);
    const times = [0, 7, 42, 999, 1000].map((moreMs) => {
      nowMs = SECOND_MS + moreMs;
      return clock.timestamp('json');
    });
    expect(times).toEqual([
      '2025-11-17T15:00:01.000Z',
      '2025-11-17T15:00:01.007Z',
      '2025-11-17T15:00:01.042Z',
      '2025-11-17T15:00:01.999Z',
      '2025-11-17T15:00:02.000Z',
    ]);
  });

  it.each(['text', 'common', 'combined'] as const)('has whole seconds in %s lines', (format) => {
    const clock = new LogClock(() => SECOND_MS + 999.9);
    expect(clock.timestamp(format)).toBe('2025-11-17T15:00:01Z');
  });

  it('is right when the clock is set back', () => {
    let nowMs = SECOND_MS;
    const clock = new LogClock(() => nowMs);
    clock.timestamp('json');
    nowMs = SECOND_MS - 1;
    expect(clock.timestamp('json')).toBe('2025-11-17T15:00:00.999Z');
  });
});
