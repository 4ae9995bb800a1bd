/** The rows of the metrics of states, ejections and circuit breakers of backends in the table of all metrics. */
export const STANDING_METRIC_ROWS = [
  [
    'balance_backend_health_status',
    'gauge',
    ['backend'],
    '1 when the backend is healthy, 0 when not: in the words of its checks, of passive checks, or of an operator. Without a finished check it is 1 unless connects to it fail. balance_backend_state says more.',
  ],
  [
    'balance_backend_state',
    'gauge',
    ['upstream', 'backend', 'state'],
    '1 for the state that the backend has in the upstream now: up, down, unknown (no check ended yet, or there are none), ejected, open or half-open (its circuit breaker), draining, maintenance, or off (weight 0).',
  ],
  [
    'balance_circuit_breaker_state',
    'gauge',
    ['backend'],
    'State of the circuit breaker of the backend: 0 closed, 1 half-open, 2 open. Of several upstreams, the one that is furthest from closed.',
  ],
  [
    'balance_circuit_breaker_open_total',
    'counter',
    ['backend'],
    'How often a circuit breaker of the backend opened.',
  ],
  [
    'balance_backend_ejections_total',
    'counter',
    ['backend', 'reason'],
    'How often the backend was ejected from an upstream. Reason: consecutive_failures, error_rate, success_rate (worse than the others), or latency (slower than the others).',
  ],
  [
    'balance_upstream_ejected',
    'gauge',
    ['upstream'],
    'Backends of the upstream that are ejected now. Upstreams without passive checks have none.',
  ],
  [
    'balance_upstream_panic',
    'gauge',
    ['upstream'],
    '1 while too few backends of the upstream are healthy (outlier_detection.panic_threshold), so that health is ignored and all get requests.',
  ],
] as const;
