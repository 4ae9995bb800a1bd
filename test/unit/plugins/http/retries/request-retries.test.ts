import { expect, it } from 'vitest';

import type { RetryBudget } from '../../../../../src/plugin-api/index.ts';
import { RequestRetries, type RetriedExchange } from '../../../../../plugins/http/retries/request-retries.ts';
import { RetryRules } from '../../../../../plugins/http/retries/retry-rules.ts';
import type { FailedAttempt } from '../../../../../plugins/http/retries/retry-policy.ts';

const ATTEMPT: FailedAttempt = { number: 1, reused: true, heard: false, passedInterim: false };

const FREE: RetryBudget = {
  begin: () => undefined,
  end: () => undefined,
  take: () => true,
  release: () => undefined,
};

/** Makes decisions for a GET that may be tried so often. */
function retriesWith(
  maxAttempts: number,
  methods?: readonly string[],
  method = 'GET',
  budget: RetryBudget = FREE,
): { retries: RequestRetries; exchange: RetriedExchange } {
  const exchange: RetriedExchange = {
    method,
    isRepeatable: true,
    retriesExhausted: undefined,
    logFields: () => ({}),
  };
  const rules = new RetryRules({
    retry: {
      isOn: true,
      maxAttempts,
      initialDelayMs: 0,
      maxDelayMs: 0,
      multiplier: 1,
      jitter: 0,
      onConnectFailure: true,
      onReset: true,
      onTimeout: false,
      onStatuses: [],
      methods,
      perTryTimeoutMs: 0,
      bodyLimitBytes: 0,
      bodyTotalBytes: 0,
    },
    hedge: undefined,
    budget,
  });
  return { retries: new RequestRetries(exchange, rules), exchange };
}

it('sends a request once more when an idle connection died, even where it may be tried only once', () => {
  const { retries, exchange } = retriesWith(1);
  expect(retries.onReset(ATTEMPT)).toEqual({ needsFreshChannel: true, delayMs: 0 });
  expect(retries.onReset({ ...ATTEMPT, reused: false })).toBeUndefined();
  expect(exchange.retriesExhausted).toBe('attempts');
});

it('counts the replacement of an idle connection that died as a try', () => {
  const { retries } = retriesWith(2);
  expect(retries.onReset(ATTEMPT)?.needsFreshChannel).toBe(true);
  expect(retries.onReset({ ...ATTEMPT, number: 2 })).toBeUndefined();
});

it('sends an idempotent request once more when an idle connection died, also where its method is not tried again', () => {
  const { retries } = retriesWith(5, ['POST']);
  expect(retries.onReset(ATTEMPT)).toEqual({ needsFreshChannel: true, delayMs: 0 });
  expect(retries.onReset({ ...ATTEMPT, reused: false })).toBeUndefined();
  expect(retriesWith(5, ['GET'], 'POST').retries.onReset(ATTEMPT)).toBeUndefined();
});

it('does not count as a request of the budget while it waits for the finding whether its backend is gone', () => {
  let running = 0;
  const budget: RetryBudget = {
    ...FREE,
    begin: () => void (running += 1),
    end: () => void (running -= 1),
    take: () => false,
  };
  const { retries } = retriesWith(3, undefined, 'GET', budget);
  expect(retries.onReset({ ...ATTEMPT, reused: false })).toBeUndefined();
  expect([retries.lacksBudget, running]).toEqual([true, 1]);
  retries.waitForFinding();
  expect(running).toBe(0);
  expect(retries.onGone()).toBeDefined();
  expect(running).toBe(1);
  retries.end();
  expect(running).toBe(0);
  const other = retriesWith(3, undefined, 'GET', budget).retries;
  other.waitForFinding();
  other.end();
  expect(running).toBe(0);
});
