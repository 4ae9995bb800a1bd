import type { MetricType } from './exposition.ts';

/** What a metric is, apart from its values. */
export interface MetricDescription {
  readonly name: string;
  readonly type: MetricType;
  readonly labels: readonly string[];
  /** The `HELP` of the exposition and the meaning in the documentation. */
  readonly help: string;
}

/**
 * Every metric of the proxy: the one place for names, types, labels and meanings. The exposition is made from it, and
 * the documentation beside this file is generated from it. Those of the process are in `process-metrics.ts`.
 */
export const METRIC_TABLE = [
  {
    name: 'balance_requests_total',
    type: 'counter',
    labels: ['backend', 'method', 'status'],
    help: 'Requests by backend, method and status; status 0 where none reached the client.',
  },
  {
    name: 'balance_request_duration_seconds',
    type: 'histogram',
    labels: ['backend', 'method'],
    help: "Time from a request's complete head to the last byte of its response.",
  },
  {
    name: 'balance_request_errors_total',
    type: 'counter',
    labels: ['backend', 'error_type'],
    help: 'Requests and tunnels that went wrong, by kind of error.',
  },
  {
    name: 'balance_request_resends_total',
    type: 'counter',
    labels: ['backend'],
    help: 'Requests sent once more, on a new socket, because an idle one died under them.',
  },
  {
    name: 'balance_backend_connections_active',
    type: 'gauge',
    labels: ['backend'],
    help: 'Open connections to the backend, idle ones included.',
  },
  {
    name: 'balance_backend_health_status',
    type: 'gauge',
    labels: ['backend'],
    help: '1 when the backend is healthy or not checked, 0 when not.',
  },
  {
    name: 'balance_backend_requests_in_flight',
    type: 'gauge',
    labels: ['backend'],
    help: 'Requests and tunnels that hold the backend.',
  },
  {
    name: 'balance_backend_connect_failures_total',
    type: 'counter',
    labels: ['backend'],
    help: 'Connections to the backend that could not be made, or not in time.',
  },
  {
    name: 'balance_backend_bytes_total',
    type: 'counter',
    labels: ['backend', 'direction'],
    help: 'Bytes received from the backend and sent to it, heads included.',
  },
  {
    name: 'balance_health_checks_total',
    type: 'counter',
    labels: ['backend', 'result'],
    help: 'Health checks by result: pass or fail.',
  },
  {
    name: 'balance_health_check_duration_seconds',
    type: 'histogram',
    labels: ['backend'],
    help: 'Duration of health checks, failed ones included.',
  },
  {
    name: 'balance_pool_connections_active',
    type: 'gauge',
    labels: ['backend'],
    help: "Sockets of the backend's pool that are in use.",
  },
  {
    name: 'balance_pool_connections_idle',
    type: 'gauge',
    labels: ['backend'],
    help: "Idle sockets of the backend's pool.",
  },
  {
    name: 'balance_pool_connections_max',
    type: 'gauge',
    labels: ['backend'],
    help: "The most sockets that the backend's pool may hold.",
  },
  {
    name: 'balance_pool_connections_created_total',
    type: 'counter',
    labels: ['backend'],
    help: 'Sockets that were connected to the backend.',
  },
  {
    name: 'balance_pool_connections_reused_total',
    type: 'counter',
    labels: ['backend'],
    help: 'Times that a socket of the pool was used again.',
  },
  {
    name: 'balance_pool_connections_discarded_total',
    type: 'counter',
    labels: ['backend'],
    help: 'Sockets of the pool that were thrown away: closed by the backend, too old, idle for too long, or failed in use.',
  },
  {
    name: 'balance_pool_waiting',
    type: 'gauge',
    labels: ['backend'],
    help: "Requests that wait for a socket of the backend's pool, or for its connection.",
  },
  {
    name: 'balance_pool_timeouts_total',
    type: 'counter',
    labels: ['backend'],
    help: "Requests that got no socket within the pool's acquire_timeout.",
  },
  {
    name: 'balance_queue_waiting',
    type: 'gauge',
    labels: ['upstream'],
    help: 'Requests that wait for a backend below its connection limit.',
  },
  {
    name: 'balance_queue_wait_seconds',
    type: 'histogram',
    labels: ['upstream'],
    help: 'Time in the queue, however the wait ended.',
  },
  {
    name: 'balance_queue_refused_total',
    type: 'counter',
    labels: ['upstream'],
    help: 'Requests refused because the queue was full.',
  },
  {
    name: 'balance_queue_timeouts_total',
    type: 'counter',
    labels: ['upstream'],
    help: "Requests refused because they waited for the queue's timeout.",
  },
  {
    name: 'balance_listener_connections_active',
    type: 'gauge',
    labels: ['listener'],
    help: 'Open connections of clients.',
  },
  {
    name: 'balance_listener_connections_accepted_total',
    type: 'counter',
    labels: ['listener'],
    help: 'Connections of clients that were accepted.',
  },
  {
    name: 'balance_listener_connections_refused_total',
    type: 'counter',
    labels: ['listener'],
    help: "Connections closed at once because of the listener's max_connections.",
  },
  {
    name: 'balance_listener_bytes_total',
    type: 'counter',
    labels: ['listener', 'direction'],
    help: 'Bytes received from clients and sent to them, heads included.',
  },
  {
    name: 'balance_tunnels_active',
    type: 'gauge',
    labels: ['listener', 'backend'],
    help: 'TCP connections and WebSockets that run now.',
  },
  {
    name: 'balance_tunnels_total',
    type: 'counter',
    labels: ['listener', 'backend'],
    help: 'TCP connections and WebSockets since the start, those that run included.',
  },
  {
    name: 'balance_tunnel_bytes_total',
    type: 'counter',
    labels: ['listener', 'backend', 'direction'],
    help: 'Bytes of tunnels, received from the client and sent to it, also of those that run.',
  },
  {
    name: 'balance_tunnel_duration_seconds',
    type: 'histogram',
    labels: ['listener', 'backend'],
    help: 'Duration of tunnels that ended.',
  },
  {
    name: 'balance_config_reloads_total',
    type: 'counter',
    labels: ['result', 'source'],
    help: 'Reloads of the config by result (success or failure) and by who asked for it. The start is none.',
  },
  {
    name: 'balance_config_last_reload_success',
    type: 'gauge',
    labels: [],
    help: '1 unless the last reload failed.',
  },
  {
    name: 'balance_config_last_reload_success_timestamp_seconds',
    type: 'gauge',
    labels: [],
    help: 'When a config last became live, at the start included.',
  },
  {
    name: 'balance_config_last_reload_duration_seconds',
    type: 'gauge',
    labels: [],
    help: 'How long the last reload took, or the start before the first one.',
  },
  {
    name: 'balance_config_generation',
    type: 'gauge',
    labels: [],
    help: 'Number of the live generation of the config.',
  },
  {
    name: 'balance_config_draining_generations',
    type: 'gauge',
    labels: [],
    help: 'Generations that were replaced and still run something.',
  },
  {
    name: 'balance_config_generation_connections',
    type: 'gauge',
    labels: ['generation'],
    help: 'Connections with an exchange or a tunnel of the generation. What is older than the newest 20 shows as older.',
  },
  {
    name: 'balance_plugin_failures_total',
    type: 'counter',
    labels: [],
    help: 'Exceptions that protocol plugins threw while they ran. The log says which.',
  },
  {
    name: 'balance_telemetry_failures_total',
    type: 'counter',
    labels: [],
    help: 'Records that metrics, logs or traces failed to take.',
  },
  {
    name: 'balance_trace_spans_exported_total',
    type: 'counter',
    labels: [],
    help: 'Spans that the collector took. Only while tracing is on.',
  },
  {
    name: 'balance_trace_spans_dropped_total',
    type: 'counter',
    labels: [],
    help: 'Spans lost on the way to the collector. Only while tracing is on.',
  },
  {
    name: 'balance_log_lines_dropped_total',
    type: 'counter',
    labels: [],
    help: 'Log lines lost because an output stalled.',
  },
  {
    name: 'balance_build_info',
    type: 'gauge',
    labels: ['version', 'node_version'],
    help: 'Always 1; the labels say what runs.',
  },
  {
    name: 'balance_uptime_seconds',
    type: 'gauge',
    labels: [],
    help: 'Time since the start.',
  },
] as const satisfies readonly MetricDescription[];

/** The name of a metric of {@link METRIC_TABLE}. */
export type MetricName = (typeof METRIC_TABLE)[number]['name'];
