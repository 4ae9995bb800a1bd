/** The rows of the metrics of second tries and copies of requests in the table of all metrics. */
export const RETRY_METRIC_ROWS = [
  [
    'balance_adaptive_concurrency_limit',
    'gauge',
    ['upstream', 'backend'],
    'How many requests of the upstream the backend may work on at a time, as adaptive_concurrency has found by now, in all workers together.',
  ],
  [
    'balance_retry_budget',
    'gauge',
    ['upstream'],
    'How many second tries of requests the budget of the upstream allows at this moment: part of the requests that run, and never less than its least number.',
  ],
  [
    'balance_retry_budget_used',
    'gauge',
    ['upstream'],
    'Second tries of requests that run or wait for their time.',
  ],
  [
    'balance_hedges_total',
    'counter',
    ['upstream', 'result'],
    'Second tries beside a first one that took long, as resilience.hedge says. Result: won (its answer came first), lost (the first try answered before, or the client left), failed (there, or no other backend had room), or budget (not made, as the budget of retries was used up).',
  ],
  [
    'balance_mirrored_requests_total',
    'counter',
    ['upstream', 'result'],
    'Copies of requests for the mirror. Result: answered, failed (there), or dropped (at a limit, or because the request was never complete).',
  ],
  [
    'balance_retries_total',
    'counter',
    ['backend'],
    'Tries of requests that failed at the backend and were followed by another try, as resilience.retry says.',
  ],
  [
    'balance_retries_exhausted_total',
    'counter',
    ['backend', 'reason'],
    'Requests that failed at the backend and were not tried again, because they had all their attempts, or because the budget of the upstream was used up.',
  ],
] as const;
