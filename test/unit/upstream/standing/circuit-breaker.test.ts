import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import {
  CircuitBreaker,
  type BreakerRules,
  type BreakerWords,
} from '../../../../src/upstream/standing/circuit-breaker.ts';
import { NO_WAKES, OwnNumber } from '../../../../src/upstream/standing/standing-words.ts';

const RULES: BreakerRules = {
  maxFailures: 3,
  errorRate: undefined,
  minRequests: 10,
  windowMs: 10_000,
  openMs: 60_000,
  probes: 1,
  recoveryMs: 10_000,
};

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

function breakerWith(rules: Partial<BreakerRules> = {}, words?: BreakerWords) {
  const states: string[] = [];
  const breaker = new CircuitBreaker({
    rules: { ...RULES, ...rules },
    clock: { now: () => Date.now() },
    words,
    onChange: (state) => void states.push(state),
  });
  const fail = (times: number): void => {
    for (let time = 0; time < times; time++) breaker.ended('backend_reset', 0, false);
  };
  return { breaker, states, fail };
}

/** A request that a half-open breaker lets through. */
function probe(breaker: CircuitBreaker, verdict: 'success' | 'failure'): void {
  expect(breaker.reserve()).toBe(true);
  const isProbe = breaker.begin();
  breaker.ended(undefined, verdict === 'success' ? 200 : 503, isProbe);
  if (isProbe) breaker.release();
}

describe('a circuit breaker', () => {
  it('opens after failures in a row, which a success ends and an error of the client does not', () => {
    const { breaker, fail } = breakerWith();
    fail(2);
    breaker.ended(undefined, 200, false);
    fail(2);
    breaker.ended('client_abort', 0, false);
    expect(breaker.state).toBe('closed');
    fail(1);
    expect([breaker.state, breaker.hasRoom, breaker.reserve(), breaker.opensInMs]).toEqual([
      'open',
      false,
      false,
      60_000,
    ]);
  });

  it('says which status opened it, though the client left before the end of the response', () => {
    const { breaker } = breakerWith({ maxFailures: 1 });
    breaker.ended('client_abort', 503, false);
    expect(breaker.reason).toBe('failures in a row: 1, the last one: status 503');
  });

  it('tries the backend out with few requests at a time, and closes when they succeed', () => {
    const { breaker, states, fail } = breakerWith({ probes: 2 });
    fail(3);
    vi.advanceTimersByTime(60_000);
    expect(breaker.reason).toBe('it was open for 1m');
    expect([breaker.reserve(), breaker.begin()]).toEqual([true, true]);
    expect([breaker.reserve(), breaker.begin()]).toEqual([true, true]);
    expect([breaker.hasRoom, breaker.reserve()]).toEqual([false, false]);
    for (let time = 0; time < 2; time++) {
      breaker.ended(undefined, 200, true);
      breaker.release();
    }
    vi.advanceTimersByTime(10_000);
    expect(states).toEqual(['open', 'half-open', 'recovering', 'closed']);
  });

  it('opens again when it fails while half-open, or while it recovers', () => {
    const { breaker, states, fail } = breakerWith();
    fail(3);
    vi.advanceTimersByTime(60_000);
    probe(breaker, 'failure');
    vi.advanceTimersByTime(60_000);
    probe(breaker, 'success');
    fail(1);
    expect(states).toEqual(['open', 'half-open', 'open', 'half-open', 'recovering', 'open']);
  });

  it('ignores requests that began before it opened', () => {
    const { breaker, fail } = breakerWith();
    fail(3);
    vi.advanceTimersByTime(60_000);
    breaker.ended(undefined, 200, false);
    breaker.ended('backend_reset', 0, false);
    expect(breaker.state).toBe('half-open');
  });

  it('gives the backend a growing part of its requests', () => {
    const { breaker, fail } = breakerWith();
    fail(3);
    vi.advanceTimersByTime(60_000);
    probe(breaker, 'success');
    const factors = [breaker.factor];
    for (let time = 0; time < 4; time++) {
      vi.advanceTimersByTime(2_500);
      factors.push(breaker.factor);
    }
    expect(factors).toEqual([0.1, 0.25, 0.5, 0.75, 1]);
  });

  it('opens by the rate of failures only once there are enough requests', () => {
    const { breaker, fail } = breakerWith({ maxFailures: 100, errorRate: 0.5 });
    for (let time = 0; time < 4; time++) breaker.ended(undefined, 200, false);
    fail(5);
    expect(breaker.state).toBe('closed');
    fail(1);
    expect([breaker.state, breaker.reason]).toEqual([
      'open',
      'failed: 6 of 10 requests, the last one: backend_reset',
    ]);
  });

  it('does not give its own earlier reason for a state that another worker made', () => {
    const words: BreakerWords = {
      moment: new OwnNumber(),
      row: new OwnNumber(),
      probes: undefined,
      wakes: NO_WAKES,
      close: () => undefined,
    };
    const [one, other] = [breakerWith({}, words), breakerWith({}, words)];
    one.fail(3);
    other.breaker.look();
    expect([one.breaker.reason, other.breaker.reason]).toEqual([
      'failures in a row: 3, the last one: backend_reset',
      undefined,
    ]);
    vi.advanceTimersByTime(60_000);
    probe(other.breaker, 'failure');
    one.breaker.look();
    expect([one.breaker.state, one.breaker.reason]).toEqual(['open', undefined]);
    expect(other.breaker.reason).toBe('it failed while half-open: status 503');
  });

  it('follows another worker when its backend fails as well, even if no wake of that one came', () => {
    const words: BreakerWords = {
      moment: new OwnNumber(),
      row: new OwnNumber(),
      probes: undefined,
      wakes: NO_WAKES,
      close: () => undefined,
    };
    const [one, other] = [breakerWith({}, words), breakerWith({}, words)];
    one.fail(3);
    expect([one.breaker.state, other.breaker.state]).toEqual(['open', 'closed']);
    other.fail(3);
    expect([other.breaker.state, other.states, other.breaker.opened]).toEqual(['open', [], 0]);
  });
});
