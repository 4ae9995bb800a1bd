/** The rows of the metrics of clients that are kept at their backends in the table of all metrics. */
export const STICKY_METRIC_ROWS = [
  [
    'balance_sticky_requests_total',
    'counter',
    ['upstream', 'result'],
    'Requests and connections of clients that are kept at their backends. Result: new (the client was not known), kept (it got its backend), moved (its backend is gone or down, so it belongs to another one now), or away (its backend is full, so that this request went to another one).',
  ],
  [
    'balance_sticky_clients',
    'gauge',
    ['upstream'],
    'Places that are used in the table of clients of sticky: source and header, those of clients that were away too long included.',
  ],
  ['balance_sticky_clients_max', 'gauge', ['upstream'], 'Places of the table.'],
  [
    'balance_sticky_clients_forgotten_total',
    'counter',
    ['upstream'],
    'Clients that were forgotten before their time, because the table had no place for another one.',
  ],
] as const;
