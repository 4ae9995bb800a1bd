import { describe, expect, it } from 'vitest';

import { RetryRules } from '../../../../../plugins/http/retries/retry-rules.ts';
import type { RetrySettings } from '../../../../../src/plugin-api/index.ts';

const NO_BUDGET = {
  begin: () => undefined,
  end: () => undefined,
  take: () => true,
  release: () => undefined,
};

function rules(settings: Partial<RetrySettings> = {}): RetryRules {
  return new RetryRules({
    retry: {
      isOn: true,
      maxAttempts: 3,
      initialDelayMs: 100,
      maxDelayMs: 1_000,
      multiplier: 2,
      jitter: 1,
      onConnectFailure: true,
      onReset: true,
      onTimeout: false,
      onStatuses: [],
      methods: undefined,
      perTryTimeoutMs: 0,
      bodyLimitBytes: 1,
      bodyTotalBytes: 1,
      ...settings,
    },
    hedge: undefined,
    budget: NO_BUDGET,
  });
}

describe('the delay before a try', () => {
  it('grows up to the longest one', () => {
    const delays = [0, 1, 2, 3, 4].map((retries) => rules().delayMs(retries, 0));
    expect(delays).toEqual([100, 200, 400, 800, 1_000]);
  });

  it('is any part of it with full jitter, and at least the rest with less', () => {
    expect(rules().delayMs(0, 0.75)).toBe(25);
    expect(rules({ jitter: 0.1 }).delayMs(0, 0.5)).toBe(95);
    expect(rules({ jitter: 0 }).delayMs(0, 0.5)).toBe(100);
  });
});

describe('the requests that may be sent again', () => {
  it('are idempotent ones, or those that the config names', () => {
    expect(['GET', 'PUT', 'POST', 'get'].map((method) => rules().repeats(method))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    const named = rules({ methods: ['POST'] });
    expect(['GET', 'POST'].map((method) => named.repeats(method))).toEqual([false, true]);
  });
});

describe('the statuses that count as failed tries', () => {
  it('are those of the config', () => {
    const some = rules({
      onStatuses: [
        { from: 503, to: 503 },
        { from: 520, to: 529 },
      ],
    });
    expect([500, 503, 519, 520, 529, 530].filter((status) => some.hasStatus(status))).toEqual([
      503, 520, 529,
    ]);
  });
});
