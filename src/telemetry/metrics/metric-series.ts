import type { QueueOutcome } from '../telemetry.ts';
import type { NamedDurationCounters } from './counters/duration-counters.ts';
import { labelText } from './exposition/exposition.ts';
import type { Series } from './exposition/exposition.ts';
import type { BackendSum, ListenerSum, MetricsSnapshot } from './snapshot/metrics-snapshot.ts';
import type { MetricsSource, NameReading, TunnelReading } from './snapshot/metrics-source.ts';
import { NO_BACKEND } from './counters/request-metrics.ts';

/** Connections of so many generations show one by one, so that their number is bounded. */
const MOST_GENERATIONS = 20;

/** The series of backends and their pools. */
export function backendSeries(
  { backends, backendNames }: MetricsSnapshot,
  checks: NamedDurationCounters<'pass' | 'fail'>,
) {
  const each = (value: (sum: BackendSum) => number) => () => byName('backend', backends, value);
  return {
    balance_request_resends_total: each(({ counts }) => counts.resends),
    balance_backend_connections_active: each(({ gauges }) => gauges.connectionsActive),
    balance_backend_health_status: each(({ healthy }) => Number(healthy)),
    balance_backend_requests_in_flight: each(({ gauges }) => gauges.requestsInFlight),
    balance_backend_connections_kept: each(({ gauges }) => gauges.connectionsKept),
    balance_backend_connect_failures_total: each(({ counts }) => counts.connectFailures),
    balance_backend_passed_over_total: () => passedByName(backends),
    balance_backend_bytes_total: () => bytesByName('backend', backends),
    *balance_health_checks_total(): Iterable<Series> {
      for (const backend of backendNames) {
        const counters = checks.get(backend);
        if (counters === undefined) continue;
        for (const result of ['pass', 'fail'] as const)
          yield { labels: labelText({ backend, result }), value: counters.of(result) };
      }
    },
    *balance_health_check_duration_seconds(): Iterable<Series> {
      for (const backend of backendNames) {
        const durations = checks.get(backend)?.durations;
        if (durations !== undefined) yield { labels: labelText({ backend }), histogram: durations };
      }
    },
    balance_pool_connections_active: each(({ gauges }) => gauges.poolActive),
    balance_pool_connections_idle: each(({ gauges }) => gauges.poolIdle),
    balance_pool_connections_max: each(({ gauges }) => gauges.poolMax),
    balance_pool_connections_created_total: each(({ counts }) => counts.poolCreated),
    balance_pool_connections_reused_total: each(({ counts }) => counts.poolReused),
    balance_pool_connections_discarded_total: each(({ counts }) => counts.poolDiscarded),
    balance_pool_waiting: each(({ gauges }) => gauges.poolWaiting),
    balance_pool_timeouts_total: each(({ counts }) => counts.poolTimeouts),
  };
}

/** The series of the queues of upstreams. */
export function queueSeries({ queues }: MetricsSnapshot, waits: NamedDurationCounters<QueueOutcome>) {
  const outcomes = (outcome: QueueOutcome) => () =>
    byName('upstream', queues, (_waiting, upstream) => waits.get(upstream)?.of(outcome) ?? 0);
  return {
    balance_queue_waiting: () => byName('upstream', queues, (waiting) => waiting),
    *balance_queue_wait_seconds(): Iterable<Series> {
      for (const upstream of queues.keys()) {
        const durations = waits.get(upstream)?.durations;
        if (durations !== undefined) yield { labels: labelText({ upstream }), histogram: durations };
      }
    },
    balance_queue_refused_total: outcomes('refused'),
    balance_queue_timeouts_total: outcomes('timeout'),
  };
}

/** The series of upstreams and the backends that they have. */
export function upstreamSeries({ upstreams }: MetricsSnapshot) {
  return {
    *balance_upstream_backends(): Iterable<Series> {
      for (const [upstream, { states }] of upstreams)
        for (const [state, value] of Object.entries(states))
          yield { labels: labelText({ upstream, state }), value };
    },
    *balance_upstream_backend_weight(): Iterable<Series> {
      for (const [upstream, { weights }] of upstreams)
        for (const [backend, value] of weights) yield { labels: labelText({ upstream, backend }), value };
    },
  };
}

/** The series of listeners. */
export function listenerSeries({ listeners }: MetricsSnapshot) {
  const each = (value: (sum: ListenerSum) => number) => () => byName('listener', listeners, value);
  return {
    balance_listener_connections_active: each(({ gauges }) => gauges.connectionsActive),
    balance_listener_connections_accepted_total: each(({ counts }) => counts.accepted),
    balance_listener_connections_refused_total: each(({ counts }) => counts.refused),
    balance_listener_connections_shed_total: each(({ counts }) => counts.shed),
    balance_listener_bytes_total: () => bytesByName('listener', listeners),
  };
}

/** The series of tunnels, without their durations. */
export function tunnelSeries({ tunnels }: Pick<MetricsSource, 'tunnels'>) {
  const labelsOf = ({ listener, backend = NO_BACKEND }: TunnelReading): string =>
    labelText({ listener, backend });
  const each = (value: (tunnel: TunnelReading) => number) =>
    function* (): Iterable<Series> {
      for (const tunnel of tunnels()) yield { labels: labelsOf(tunnel), value: value(tunnel) };
    };
  return {
    balance_tunnels_active: each(({ active }) => active),
    balance_tunnels_total: each(({ total }) => total),
    *balance_tunnel_bytes_total(): Iterable<Series> {
      for (const tunnel of tunnels()) yield* bytes(labelsOf(tunnel), tunnel);
    },
  };
}

/** The series of the host names that are looked up. */
export function hostNameSeries({ names }: Pick<MetricsSource, 'names'>) {
  const each = (value: (name: NameReading) => number | undefined) =>
    function* (): Iterable<Series> {
      for (const reading of names()) {
        const known = value(reading);
        if (known !== undefined) yield { labels: labelText({ name: reading.name }), value: known };
      }
    };
  return {
    balance_dns_addresses: each(({ addresses }) => addresses),
    balance_dns_answer_age_seconds: each(({ answeredAtMs }) =>
      answeredAtMs === undefined ? undefined : Math.max(0, Date.now() - answeredAtMs) / 1_000,
    ),
    balance_dns_failing: each(({ isFailing }) => Number(isFailing)),
    *balance_dns_lookups_total(): Iterable<Series> {
      for (const reading of names()) {
        const { name } = reading;
        for (const result of ['found', 'absent', 'failed'] as const)
          yield { labels: labelText({ name, result }), value: reading[result] };
      }
    },
  };
}

/** The series of what there is once in a process. */
export function proxySeries(source: MetricsSource) {
  return {
    *balance_config_reloads_total(): Iterable<Series> {
      for (const { source: asker, succeeded, failed } of source.reloads().counts) {
        yield { labels: labelText({ result: 'success', source: asker }), value: succeeded };
        yield { labels: labelText({ result: 'failure', source: asker }), value: failed };
      }
    },
    balance_config_last_reload_success: () => single(Number(source.reloads().lastSucceeded)),
    balance_config_last_reload_success_timestamp_seconds: () => seconds(source.reloads().lastSuccessAtMs),
    balance_config_last_reload_duration_seconds: () => seconds(source.reloads().lastDurationMs),
    *balance_config_generation(): Iterable<Series> {
      for (const { id, isLive } of source.generations()) if (isLive) yield* single(id);
    },
    balance_config_draining_generations: () =>
      single([...source.generations()].filter(({ isLive }) => !isLive).length),
    balance_config_generation_connections: () => connectionsOfGenerations(source),
    *balance_plugin_failures_total(): Iterable<Series> {
      for (const [plugin, value] of source.pluginFailures()) yield { labels: labelText({ plugin }), value };
    },
    balance_telemetry_failures_total: () => single(source.telemetryFailures()),
    balance_trace_spans_exported_total: () => single(source.spans().exported),
    balance_trace_spans_dropped_total: () => single(source.spans().dropped),
    *balance_resource_shortages_total(): Iterable<Series> {
      for (const [work, value] of Object.entries(source.shortages()))
        yield { labels: labelText({ work }), value };
    },
    *balance_open_files_limit(): Iterable<Series> {
      const limit = source.openFilesLimit();
      if (limit !== undefined) yield { labels: '', value: limit };
    },
    balance_log_lines_dropped_total: () => single(source.droppedLogLines()),
    *balance_build_info(): Iterable<Series> {
      const labels = { version: source.version, node_version: process.version };
      yield { labels: labelText(labels), value: 1 };
    },
    balance_uptime_seconds: () => seconds(Date.now() - source.startedAtMs),
  };
}

function* connectionsOfGenerations(source: MetricsSource): Iterable<Series> {
  const generations = [...source.generations()];
  for (const { id, connections } of generations.slice(0, MOST_GENERATIONS)) {
    yield { labels: labelText({ generation: id }), value: connections };
  }
  const older = generations.slice(MOST_GENERATIONS);
  if (older.length === 0) return;
  const value = older.reduce((sum, { connections }) => sum + connections, 0);
  yield { labels: labelText({ generation: 'older' }), value };
}

function* byName<T>(
  label: string,
  things: ReadonlyMap<string, T>,
  value: (thing: T, name: string) => number,
): Iterable<Series> {
  for (const [name, thing] of things)
    yield { labels: labelText({ [label]: name }), value: value(thing, name) };
}

function* bytesByName(
  label: string,
  things: ReadonlyMap<string, BackendSum | ListenerSum>,
): Iterable<Series> {
  for (const [name, { counts }] of things) yield* bytes(labelText({ [label]: name }), counts);
}

function* bytes(
  labels: string,
  { bytesReceived, bytesSent }: { readonly bytesReceived: number; readonly bytesSent: number },
): Iterable<Series> {
  yield { labels: `${labels},direction="received"`, value: bytesReceived };
  yield { labels: `${labels},direction="sent"`, value: bytesSent };
}

function single(value: number | undefined): Series[] {
  return value === undefined ? [] : [{ labels: '', value }];
}

function seconds(ms: number | undefined): Series[] {
  return single(ms === undefined ? undefined : ms / 1000);
}

/** Why backends were not chosen. */
const PASS_COUNTS = {
  unhealthy: 'passedUnhealthy',
  max_connections: 'passedMaxConnections',
  pool_full: 'passedPoolFull',
  failed: 'passedFailed',
} as const;

function* passedByName(backends: ReadonlyMap<string, BackendSum>): Iterable<Series> {
  for (const [backend, { counts }] of backends)
    for (const [reason, count] of Object.entries(PASS_COUNTS))
      yield { labels: labelText({ backend, reason }), value: counts[count] };
}
