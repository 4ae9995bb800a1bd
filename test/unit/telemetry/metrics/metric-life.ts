import type { MetricDescription, MetricName } from '../../../../src/telemetry/metrics/metric-table.ts';

/** What a series lives with, by the label that names it. */
const SUBJECTS = ['backend', 'listener', 'upstream', 'name', 'certificate', 'generation', 'worker'] as const;

/** What there has to be for a series of a metric: `process` for those that are always there. */
export type MetricSubject = (typeof SUBJECTS)[number] | 'process';

/** Those whose series begin with something that happens, and with what. All others begin with their subject. */
const FIRST_EVENTS: Partial<Record<MetricName, string>> = {
  balance_requests_total: 'first request, expected failures at once',
  balance_request_duration_seconds: 'first request',
  balance_request_errors_total: 'first error, expected ones at once',
  balance_refused_messages_total: 'first refusal',
  balance_hedges_total: 'first hedge',
  balance_sticky_requests_total: 'first client',
  balance_mirrored_requests_total: 'first copy',
  balance_retries_total: 'first retry',
  balance_retries_exhausted_total: 'first retry',
  balance_health_checks_total: 'first check',
  balance_health_check_duration_seconds: 'first check',
  balance_queue_wait_seconds: 'first wait',
  balance_tunnels_active: 'first tunnel',
  balance_tunnels_total: 'first tunnel',
  balance_tunnel_bytes_total: 'first tunnel',
  balance_tunnel_duration_seconds: 'first end of one',
  balance_tls_handshake_failures_total: 'first failure',
  balance_tls_connections_total: 'first connection',
  balance_backend_tls_handshakes_total: 'first handshake',
  balance_backend_tls_handshake_duration_seconds: 'first handshake',
  balance_backend_tls_handshake_failures_total: 'first failure',
  balance_backend_tls_connections_total: 'first connection',
  balance_health_check_tls_handshakes_total: 'first handshake',
  balance_health_check_tls_handshake_failures_total: 'first failure',
  balance_dns_answer_age_seconds: 'first answer',
  balance_config_commit_skew_seconds: 'first config, with several workers',
};

/** What a series of the metric needs to be there; of several labels the one whose end ends it first. */
export function subjectOf({ labels }: Pick<MetricDescription, 'labels'>): MetricSubject {
  return SUBJECTS.find((subject) => labels.includes(subject)) ?? 'process';
}

/** The event that a series begins with; undefined where it begins with its subject. */
export function firstEventOf({ name }: Pick<MetricDescription, 'name'>): string | undefined {
  return Object.entries(FIRST_EVENTS).find(([metric]) => metric === name)?.[1];
}

/** The unit of a metric's values, as Prometheus' names say it. */
export function unitOf({ name }: Pick<MetricDescription, 'name'>): string {
  if (name.endsWith('_timestamp_seconds')) return 'seconds since 1970';
  if (/_seconds(?:_total)?$/.test(name)) return 'seconds';
  if (/_bytes(?:_total)?$/.test(name)) return 'bytes';
  if (name.endsWith('_days')) return 'days';
  if (name.endsWith('_ratio')) return '0 to 1';
  return 'number';
}
