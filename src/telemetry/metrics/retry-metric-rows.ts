/** The rows of the metrics of second tries and copies of requests in the table of all metrics. */
export const RETRY_METRIC_ROWS = [
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
