import type { MetricType } from './exposition/exposition.ts';
import { RETRY_METRIC_ROWS } from './retry-metric-rows.ts';
import { STANDING_METRIC_ROWS } from './standing-metric-rows.ts';
import { STICKY_METRIC_ROWS } from './sticky-metric-rows.ts';
import { TLS_METRIC_ROWS } from './tls-metric-rows.ts';
import { WORKER_METRIC_ROWS } from './worker-metric-rows.ts';

/** The description of a metric. */
export interface MetricDescription {
  readonly name: string;
  readonly type: MetricType;
  readonly labels: readonly string[];
  /** The `HELP` of the exposition and the meaning in the documentation. */
  readonly help: string;
}

const ROWS = [
  [
    'balance_requests_total',
    'counter',
    ['backend', 'method', 'status'],
    'Requests by backend, method and status; status 0 where none reached the client.',
  ],
  [
    'balance_request_duration_seconds',
    'histogram',
    ['backend', 'method'],
    "Time from a request's complete head to the last byte of its response.",
  ],
  [
    'balance_request_errors_total',
    'counter',
    ['backend', 'error_type'],
    'Requests and tunnels that failed, by kind of error.',
  ],
  [
    'balance_route_requests_total',
    'counter',
    ['listener', 'route', 'status'],
    "Requests by listener, route and class of status (2xx); route default: the listener's own upstream, none: no route matched, other: routes beyond the first thousand.",
  ],
  [
    'balance_refused_messages_total',
    'counter',
    ['listener', 'side', 'rule'],
    'Requests of clients and responses of backends that were refused, by the rule that they broke.',
  ],
  [
    'balance_request_resends_total',
    'counter',
    ['backend'],
    'Requests sent once more, on a new socket, because an idle one died under them.',
  ],
  ...RETRY_METRIC_ROWS,
  [
    'balance_backend_connections_active',
    'gauge',
    ['backend'],
    'Open connections to the backend, idle ones included.',
  ],
  ...STANDING_METRIC_ROWS,
  [
    'balance_backend_requests_in_flight',
    'gauge',
    ['backend'],
    'Requests and tunnels that the backend serves now.',
  ],
  [
    'balance_backend_connections_kept',
    'gauge',
    ['backend'],
    'Connections that belong to one client each, because of NTLM or Negotiate. Requests in flight include them.',
  ],
  [
    'balance_backend_connect_failures_total',
    'counter',
    ['backend'],
    'Connections to the backend that could not be made, or not in time.',
  ],
  [
    'balance_backend_passed_over_total',
    'counter',
    ['backend', 'reason'],
    'Requests and connections that were not given to the backend though the balancer looked at it. Reason: unhealthy, ejected, circuit_open, draining, maintenance, max_connections, max_requests, pool_full, or failed (it could not be connected to; another one is tried then, if there is one).',
  ],
  [
    'balance_backend_bytes_total',
    'counter',
    ['backend', 'direction'],
    'Bytes received from the backend and sent to it, heads included.',
  ],
  [
    'balance_health_checks_total',
    'counter',
    ['backend', 'result', 'upstream'],
    'Health checks by result: pass or fail.',
  ],
  [
    'balance_health_check_duration_seconds',
    'histogram',
    ['backend', 'upstream'],
    'Duration of health checks, failed ones included.',
  ],
  ['balance_pool_connections_active', 'gauge', ['backend'], "Sockets of the backend's pool that are in use."],
  ['balance_pool_connections_idle', 'gauge', ['backend'], "Idle sockets of the backend's pool."],
  [
    'balance_pool_connections_max',
    'gauge',
    ['backend'],
    "The most sockets that the backend's pool may hold. 0: no limit.",
  ],
  [
    'balance_pool_connections_created_total',
    'counter',
    ['backend'],
    'Sockets that were connected to the backend.',
  ],
  [
    'balance_pool_connections_reused_total',
    'counter',
    ['backend'],
    'Times that a socket of the pool was used again.',
  ],
  [
    'balance_pool_connections_discarded_total',
    'counter',
    ['backend'],
    'Sockets of the pool that were thrown away: closed by the backend, too old, idle for too long, or failed in use.',
  ],
  [
    'balance_pool_waiting',
    'gauge',
    ['backend'],
    "Requests that wait because the backend's pool is full, or for a connection to it. One that several full pools hold up counts for each.",
  ],
  [
    'balance_pool_timeouts_total',
    'counter',
    ['backend'],
    "Requests refused because they waited for acquire_timeout while the backend's pool was full. One that several full pools held up counts for each.",
  ],
  [
    'balance_queue_waiting',
    'gauge',
    ['upstream'],
    'Requests that wait for a backend that is below its limits (max_connections, max_requests, adaptive_concurrency) and has room in its pool.',
  ],
  ['balance_queue_wait_seconds', 'histogram', ['upstream'], 'Time in the queue, however the wait ended.'],
  [
    'balance_queue_refused_total',
    'counter',
    ['upstream'],
    'Requests refused because the queue was full, or because an edit took their place in it.',
  ],
  [
    'balance_queue_timeouts_total',
    'counter',
    ['upstream'],
    "Requests refused because they waited for the queue's timeout while all backends were at their limits.",
  ],
  [
    'balance_upstream_results_total',
    'counter',
    ['upstream', 'kind', 'result'],
    'Requests and tunnels (TCP connections, WebSockets) by result. ok: served to the end. client: the client broke off, or sent what nobody could serve. failed: a status of 500 or more, broken off by the backend or the proxy, or not connected.',
  ],
  [
    'balance_upstream_backends',
    'gauge',
    ['upstream', 'state'],
    'Backends of the upstream. up, down: as health checks, or an operator, say. unknown: no check ended yet, or there are none. ejected: failed too often. open, half-open: its circuit breaker is. draining, maintenance: set by an operator. off: of weight 0.',
  ],
  [
    'balance_upstream_backend_weight',
    'gauge',
    ['upstream', 'backend'],
    'Weight of the backend in the upstream: it leads from backends to upstreams.',
  ],
  [
    'balance_upstream_backend_effective_weight',
    'gauge',
    ['upstream', 'backend'],
    'Weight of the backend that counts now: less than its weight during a slow start, after its circuit breaker was open, or as its agent says.',
  ],
  ...STICKY_METRIC_ROWS,
  ['balance_listener_connections_active', 'gauge', ['listener'], 'Open connections of clients.'],
  [
    'balance_listener_connections_accepted_total',
    'counter',
    ['listener'],
    'Connections of clients that were accepted.',
  ],
  [
    'balance_listener_connections_refused_total',
    'counter',
    ['listener'],
    "Connections closed at once because of the listener's max_connections.",
  ],
  [
    'balance_listener_connections_shed_total',
    'counter',
    ['listener'],
    'Connections closed at once because the proxy itself ran short of file descriptors or memory.',
  ],
  [
    'balance_proxy_protocol_refusals_total',
    'counter',
    ['listener', 'reason'],
    'Connections closed because they did not begin with an acceptable PROXY header, on listeners that demand one.',
  ],
  [
    'balance_listener_bytes_total',
    'counter',
    ['listener', 'direction'],
    'Bytes received from clients and sent to them, heads included.',
  ],
  ...TLS_METRIC_ROWS,
  [
    'balance_tunnels_active',
    'gauge',
    ['listener', 'backend'],
    'TCP connections and WebSockets that run now.',
  ],
  [
    'balance_tunnels_total',
    'counter',
    ['listener', 'backend'],
    'TCP connections and WebSockets since the start, running ones included.',
  ],
  [
    'balance_tunnel_bytes_total',
    'counter',
    ['listener', 'backend', 'direction'],
    'Bytes of tunnels, received from the client and sent to it, running tunnels included.',
  ],
  [
    'balance_tunnel_duration_seconds',
    'histogram',
    ['listener', 'backend'],
    'Duration of tunnels that ended.',
  ],
  [
    'balance_dns_lookups_total',
    'counter',
    ['name', 'result'],
    'Look-ups of a host name by result: found, absent (the name servers say that it has no address) or failed (no name server gave a valid answer).',
  ],
  ['balance_dns_addresses', 'gauge', ['name'], 'Addresses of a host name that are in use.'],
  [
    'balance_dns_answer_age_seconds',
    'gauge',
    ['name'],
    'Time since the last answer about a host name. It grows while name servers fail, and its last addresses stay in use.',
  ],
  ['balance_dns_failing', 'gauge', ['name'], '1 while look-ups of a host name fail or find no address.'],
  [
    'balance_config_reloads_total',
    'counter',
    ['result', 'source'],
    'Reloads of the config by result (success or failure) and by what asked for them. The start is not counted.',
  ],
  ['balance_config_last_reload_success', 'gauge', [], '1 unless the last reload failed.'],
  [
    'balance_config_last_reload_success_timestamp_seconds',
    'gauge',
    [],
    'When a config last became live, at the start included.',
  ],
  [
    'balance_config_last_reload_duration_seconds',
    'gauge',
    [],
    'How long the last reload took, or the start before the first one.',
  ],
  ...WORKER_METRIC_ROWS,
  [
    'balance_upgrades_total',
    'counter',
    ['result'],
    'Attempts to let a new version of the proxy take over, by result (success or failure). The count goes on in the new version.',
  ],
  ['balance_config_generation', 'gauge', [], 'Number of the live generation of the config.'],
  [
    'balance_config_draining_generations',
    'gauge',
    [],
    'Generations that were replaced and still run something.',
  ],
  [
    'balance_config_generation_connections',
    'gauge',
    ['generation'],
    'Connections with an exchange or a tunnel of the generation. Generations older than the newest 20 share the label older.',
  ],
  [
    'balance_plugin_failures_total',
    'counter',
    ['plugin'],
    'Exceptions that plugins threw while they ran, and rejected promises. The log says where, at most once in 10 s for similar ones.',
  ],
  [
    'balance_telemetry_failures_total',
    'counter',
    [],
    'Records that metrics, logs or traces could not process. The log says why.',
  ],
  ['balance_trace_spans_exported_total', 'counter', [], 'Spans that the collector took.'],
  [
    'balance_trace_spans_dropped_total',
    'counter',
    [],
    'Spans lost: the collector was away, the queue for it was full, or an edit replaced or ended tracing before it had them.',
  ],
  [
    'balance_resource_shortages_total',
    'counter',
    ['work'],
    'Work that the proxy could not do because it was short of file descriptors, memory or ports: accept a client, connect to a backend, or check one.',
  ],
  [
    'balance_overload_level',
    'gauge',
    ['reason'],
    'What overload protection refuses: 0 nothing, 1 new requests, 2 new connections too. Reason: event_loop_delay or heap. Of several workers, the one that is worst. Only with the section overload.',
  ],
  [
    'balance_open_files_limit',
    'gauge',
    [],
    'File descriptors that the proxy may have open at a time (ulimit -n), read at each scrape. Only where it is known.',
  ],
  ['balance_log_lines_dropped_total', 'counter', [], 'Log lines lost because an output stalled or failed.'],
  ['balance_build_info', 'gauge', ['version', 'node_version'], 'Always 1; the labels say what runs.'],
  ['balance_uptime_seconds', 'gauge', [], 'Time since the start.'],
] as const satisfies readonly (readonly [string, MetricType, readonly string[], string])[];

/** The name of a metric of {@link METRIC_TABLE}. */
export type MetricName = (typeof ROWS)[number][0];

/**
 * All metrics of the proxy: the only place that says their names, types, labels and meanings. The exposition and the table in README.md beside
 * this file are made from it. The metrics of the process are in `process-metrics.ts`.
 */
export const METRIC_TABLE: readonly (MetricDescription & { readonly name: MetricName })[] = ROWS.map(
  ([name, type, labels, help]) => ({ name, type, labels, help }),
);
