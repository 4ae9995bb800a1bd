import { describe, expect, it } from 'vitest';

import { problemsOf, warningsOf } from '../../problems-of.ts';

const rest = 'backends: [{ name: a, address: "a:1" }]\n';

describe('the resilience of an upstream', () => {
  it.each([
    ['resilience: { adaptive_concurrency: { min_limit: 20, max_limit: 20 } }'],
    ['resilience: { retry: { max_delay: 50ms } }'],
    ['overload: { event_loop_delay: { refuse: 1s, pause: 1s }, heap_percent: { refuse: 50, pause: 50 } }'],
  ])('%s', (text) => {
    expect(problemsOf(rest + text)).toEqual([]);
    expect(warningsOf(rest + text)).toEqual([]);
  });

  it.each([
    [
      'resilience: { adaptive_concurrency: { min_limit: 50, max_limit: 20 } }',
      'x.yaml:2:50 resilience.adaptive_concurrency.min_limit must be <= max_limit (20)',
    ],
    [
      'overload: { event_loop_delay: { refuse: 2s, pause: 1s } }',
      'x.yaml:2:52 overload.event_loop_delay.pause must not be less than refuse',
    ],
    [
      'overload: { heap_percent: { refuse: 90, pause: 50 } }',
      'x.yaml:2:48 overload.heap_percent.pause must not be less than refuse',
    ],
    [
      'resilience: { adaptive_concurrency: { min_limit: 0 } }',
      'x.yaml:2:50 resilience.adaptive_concurrency.min_limit must be >= 1',
    ],
  ])('%s is refused', (text, problem) => {
    expect(problemsOf(rest + text)).toEqual([problem]);
  });

  it('is warned of where a delay is never waited for', () => {
    expect(warningsOf(`${rest}resilience: { retry: { initial_delay: 2s, max_delay: 1s } }`)).toEqual([
      'x.yaml:2:39 resilience.retry.initial_delay is longer than max_delay, the longest time that is waited',
    ]);
  });
});
