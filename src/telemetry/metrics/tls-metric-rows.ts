/** The rows of the metrics of TLS in the table of all metrics. */
export const TLS_METRIC_ROWS = [
  [
    'balance_tls_handshakes_total',
    'counter',
    ['status'],
    'TLS handshakes with clients. ok: done. failed: one side refused what the other showed or offered. timeout: not done in time. refused: by a limit, for an unknown name, or because it is not TLS. aborted: the client left.',
  ],
  [
    'balance_tls_handshake_duration_seconds',
    'histogram',
    [],
    'Duration of TLS handshakes with clients that were done.',
  ],
  [
    'balance_tls_handshake_failures_total',
    'counter',
    ['listener', 'reason'],
    'TLS handshakes with clients that were not done, by reason.',
  ],
  [
    'balance_tls_handshakes_active',
    'gauge',
    ['listener', 'stage'],
    'Connections of clients that are on their way through the TLS handshake. client_hello: their ClientHello is not complete. handshake: from then on.',
  ],
  [
    'balance_tls_handshakes_max',
    'gauge',
    ['listener'],
    'The most connections in each stage of the handshake, as max_handshakes sets it; the oldest one is closed when another one comes. 0: no limit.',
  ],
  [
    'balance_tls_connections_total',
    'counter',
    ['listener', 'version', 'resumed'],
    'TLS connections of clients, by version and by whether the session of an earlier connection was resumed.',
  ],
  [
    'balance_backend_tls_handshakes_total',
    'counter',
    ['upstream', 'status'],
    'TLS handshakes with backends, by status as with clients. Those of health checks are counted apart.',
  ],
  [
    'balance_backend_tls_handshake_duration_seconds',
    'histogram',
    ['upstream'],
    'Duration of TLS handshakes with backends that were done.',
  ],
  [
    'balance_backend_tls_handshake_failures_total',
    'counter',
    ['upstream', 'reason'],
    'TLS handshakes with backends that were not done, by reason.',
  ],
  [
    'balance_backend_tls_connections_total',
    'counter',
    ['upstream', 'version', 'resumed'],
    'TLS connections to backends, by version and by whether the session of an earlier connection was resumed.',
  ],
  [
    'balance_health_check_tls_handshakes_total',
    'counter',
    ['backend', 'status'],
    'TLS handshakes of health checks, by status as with clients.',
  ],
  [
    'balance_health_check_tls_handshake_failures_total',
    'counter',
    ['backend', 'reason'],
    'TLS handshakes of health checks that were not done, by reason.',
  ],
  [
    'balance_tls_certificate_expiry_days',
    'gauge',
    ['certificate', 'domain', 'used_by'],
    'Days until a certificate of the live config, or the first one of its chain, expires; negative after that.',
  ],
  [
    'balance_tls_certificate_not_after_timestamp_seconds',
    'gauge',
    ['certificate', 'domain', 'used_by'],
    'When a certificate of the live config, or the first one of its chain, expires.',
  ],
] as const;
