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

  it.each([
    [
      'resilience: { adaptive_concurrency: { initial_limit: 100, max_limit: 50 } }',
      'resilience.adaptive_concurrency.initial_limit is more than max_limit (50): the limit begins there',
    ],
    [
      'resilience: { adaptive_concurrency: { initial_limit: 2 } }',
      'resilience.adaptive_concurrency.initial_limit is less than min_limit (5): the limit begins there',
    ],
    [
      'resilience: { retry: { per_try_timeout: 1s } }',
      'resilience.retry.per_try_timeout ends requests with 504 and leads to no other try, as retry.on does not have timeout',
    ],
    [
      'resilience: { retry: { per_try_timeout: 60s, on: [timeout] } }',
      'resilience.retry.per_try_timeout has no effect: it is not shorter than timeouts.read (1m)',
    ],
    [
      'resilience: { retry: { budget: { percent: 0.2 } } }',
      'resilience.retry.budget.percent is 0.2 per cent, and not 20: write 20 for a fifth',
    ],
    [
      'overload: { heap_percent: { refuse: 0.9, pause: 95 } }',
      'overload.heap_percent.refuse is 0.9 per cent, and not 90: nearly any heap is fuller than that',
    ],
    [
      'outlier_detection: { base_ejection_time: 10m, max_ejection_time: 1m }',
      'outlier_detection.max_ejection_time is shorter than base_ejection_time: each ejection lasts 10m',
    ],
    [
      'outlier_detection: { base_ejection_time: 10m }',
      'outlier_detection.base_ejection_time is longer than max_ejection_time: each ejection lasts 10m',
    ],
    [
      'health_check: { passive_checks: { enabled: false } }\noutlier_detection: { interval: 5s }',
      'outlier_detection ejects nothing, as health_check.passive_checks.enabled is false',
    ],
    [
      'health_check: { passive_checks: {} }\noutlier_detection: { enabled: false }',
      'health_check.passive_checks ejects nothing, as outlier_detection.enabled is false',
    ],
    [
      'queue: { max_size: 10 }',
      'queue has no effect: nothing waits, as no backend has max_connections or max_requests',
    ],
    [
      'resilience: { retry: {} }\nhttp: { routes: [{ path: /a, backends: [a], retry: false, hedge: { after: 1s } }] }',
      'http.routes[0].hedge has no effect beside retry: false, which sends a request once',
    ],
  ])('%s loads with a warning', (text, warning) => {
    expect(problemsOf(rest + text)).toEqual([]);
    expect(warningsOf(rest + text).map((line) => line.replace(/^x\.yaml:\d+:\d+ /, ''))).toEqual([warning]);
  });

  it.each([
    'health_check: { passive_checks: { enabled: false } }\noutlier_detection: { panic_threshold: 30 }',
    'resilience: { retry: { per_try_timeout: 1s, on: [timeout] } }',
    'resilience: { retry: { enabled: false, per_try_timeout: 1s } }',
    'connection_pool: { max_size: 5 }\nqueue: { max_size: 10 }',
    'overload: { heap_percent: { refuse: 0 } }',
  ])('%s loads without one', (text) => {
    expect(warningsOf(rest + text)).toEqual([]);
  });

  it('is warned of a mirror that is the upstream of its route', () => {
    const text =
      'listeners: [{ listen: ":1", http: { routes: [{ upstream: up, mirror: { upstream: up } }] } }]\n' +
      'upstreams: [{ name: up, backends: [{ address: "a:1" }] }]\n';
    expect(warningsOf(text)).toEqual([
      'x.yaml:1:82 listeners[0].http.routes[0].mirror.upstream is the upstream of the route itself: it gets the copied requests twice',
    ]);
  });
});
