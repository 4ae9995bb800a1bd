/** The rows of the metrics of workers in the table of all metrics. */
export const WORKER_METRIC_ROWS = [
  ['balance_workers', 'gauge', [], 'Threads that serve clients: workers of the config.'],
  [
    'balance_worker_up',
    'gauge',
    ['worker'],
    '1 while the worker serves and answers, 0 while its event loop stands still or it is being replaced. Its other numbers are then those of its last answer.',
  ],
  [
    'balance_worker_connections',
    'gauge',
    ['worker'],
    'Open connections of clients that the worker serves, known while it does not answer too.',
  ],
  [
    'balance_listener_accept_rests_total',
    'counter',
    ['listener'],
    'How often a worker stopped accepting at the listener for a moment because it had more connections there than its share.',
  ],
  [
    'balance_worker_restarts_total',
    'counter',
    ['worker', 'reason'],
    'How often the worker was replaced: exception, out_of_memory, exit (code in it ended it), terminated, or hung (its event loop stood still).',
  ],
  [
    'balance_workers_crashing',
    'gauge',
    [],
    '1 while workers end again and again: three of them ended within ten seconds, and since then no minute went by without another end.',
  ],
  [
    'balance_worker_event_loop_utilization_ratio',
    'gauge',
    ['worker'],
    'Share of the time since about the last scrape, of 10 seconds at least, that the event loop of the worker was active. It is 1 while it stands still.',
  ],
  [
    'balance_config_commit_skew_seconds',
    'gauge',
    [],
    'In the last reload, the time from the first worker that served the new config to the last one.',
  ],
] as const;
