import { PROXY_REFUSAL_CODES } from '../../errors/proxy-refusal-reasons.ts';
import type { GenerationReading } from '../../readings/generation.ts';
import type { HostNameReading } from '../../readings/upstreams/host-name.ts';
import type { ProxyReadings } from '../../readings/proxy.ts';
import type { TunnelReading } from '../../readings/tunnel.ts';
import type { ClientTableReading, QueueOutcome } from '../../readings/upstreams/upstream.ts';
import type { NamedDurationCounters } from './counters/duration-counters.ts';
import { NO_BACKEND } from './counters/request-metrics.ts';
import { labelText, type Series } from './exposition/exposition.ts';
import type {
  BackendSum,
  ListenerSum,
  MetricsSnapshot,
  UpstreamMembers,
} from './snapshot/metrics-snapshot.ts';
import type { MetricsReadings, MetricsSource } from './snapshot/metrics-source.ts';
import { steadyNowMs } from '../../time/steady-now.ts';

/** Number of generations whose connections have a series of their own; older ones share one. */
const MOST_GENERATIONS = 20;

/** The series of backends and their pools. */
export function backendSeries({ backends }: MetricsSnapshot) {
  const each = (value: (sum: BackendSum) => number) => () => byName('backend', backends, value);
  return {
    balance_request_resends_total: each(({ counts }) => counts.resends),
    balance_backend_connections_active: each(({ gauges }) => gauges.connectionsActive),
    balance_backend_requests_in_flight: each(({ gauges }) => gauges.requestsInFlight),
    balance_backend_connections_kept: each(({ gauges }) => gauges.connectionsKept),
    balance_backend_connect_failures_total: each(({ counts }) => counts.connectFailures),
    balance_backend_passed_over_total: () => passedByName(backends),
    balance_backend_bytes_total: () => bytesByName('backend', backends),
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
  const each = (valuesOf: (members: UpstreamMembers) => ReadonlyMap<string, number>) =>
    function* (): Iterable<Series> {
      for (const [upstream, members] of upstreams)
        for (const [backend, value] of valuesOf(members))
          yield { labels: labelText({ upstream, backend }), value };
    };
  const clients = (valueOf: (table: ClientTableReading) => number) =>
    function* (): Iterable<Series> {
      for (const [upstream, { clients: table }] of upstreams)
        if (table !== undefined) yield { labels: labelText({ upstream }), value: valueOf(table) };
    };
  return {
    *balance_upstream_backends(): Iterable<Series> {
      for (const [upstream, { states }] of upstreams)
        for (const [state, value] of Object.entries(states))
          yield { labels: labelText({ upstream, state }), value };
    },
    balance_sticky_clients: clients(({ used }) => used),
    balance_sticky_clients_max: clients(({ size }) => size),
    balance_sticky_clients_forgotten_total: clients(({ forgotten }) => forgotten),
    balance_upstream_backend_weight: each(({ weights }) => weights),
    balance_upstream_backend_effective_weight: each(({ effectiveWeights }) => effectiveWeights),
    balance_adaptive_concurrency_limit: each(({ limits }) => limits),
    *balance_retry_budget(): Iterable<Series> {
      for (const [upstream, { retryBudget }] of upstreams)
        if (retryBudget !== undefined) yield { labels: labelText({ upstream }), value: retryBudget.size };
    },
    *balance_retry_budget_used(): Iterable<Series> {
      for (const [upstream, { retryBudget }] of upstreams)
        if (retryBudget !== undefined) yield { labels: labelText({ upstream }), value: retryBudget.used };
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
    *balance_proxy_protocol_refusals_total(): Iterable<Series> {
      for (const [listener, { counts, gauges }] of listeners) {
        if (gauges.demandsProxyHeader === 0) continue;
        for (const reason of PROXY_REFUSAL_CODES)
          yield { labels: labelText({ listener, reason }), value: counts[`proxyRefused_${reason}`] };
      }
    },
    balance_listener_bytes_total: () => bytesByName('listener', listeners),
  };
}

/** The series of tunnels, without their durations. */
export function tunnelSeries({ tunnels }: Pick<ProxyReadings, 'tunnels'>) {
  const labelsOf = ({ listener, backend = NO_BACKEND }: TunnelReading): string =>
    labelText({ listener, backend });
  const each = (value: (tunnel: TunnelReading) => number) =>
    function* (): Iterable<Series> {
      for (const tunnel of tunnels) yield { labels: labelsOf(tunnel), value: value(tunnel) };
    };
  return {
    balance_tunnels_active: each(({ active }) => active),
    balance_tunnels_total: each(({ total }) => total),
    *balance_tunnel_bytes_total(): Iterable<Series> {
      for (const tunnel of tunnels) yield* bytes(labelsOf(tunnel), tunnel);
    },
  };
}

/** The series of the host names that are looked up. */
export function hostNameSeries({ hostNames }: Pick<ProxyReadings, 'hostNames'>) {
  const each = (value: (name: HostNameReading) => number | undefined) =>
    function* (): Iterable<Series> {
      for (const reading of hostNames) {
        const known = value(reading);
        if (known !== undefined) yield { labels: labelText({ name: reading.name }), value: known };
      }
    };
  return {
    balance_dns_addresses: each(({ addresses }) => addresses.length),
    balance_dns_answer_age_seconds: each(({ answeredAtMs }) =>
      answeredAtMs === undefined ? undefined : Math.max(0, Date.now() - answeredAtMs) / 1_000,
    ),
    balance_dns_failing: each(({ failure }) => Number(failure !== undefined)),
    *balance_dns_lookups_total(): Iterable<Series> {
      for (const reading of hostNames) {
        const { name, counts } = reading;
        for (const result of ['found', 'absent', 'failed'] as const)
          yield { labels: labelText({ name, result }), value: counts[result] };
      }
    },
  };
}

/** The series of which there is one in a process. */
export function proxySeries(source: MetricsSource, { proxy, reloads, upgrades, telemetry }: MetricsReadings) {
  const { generations, openFilesLimit } = proxy;
  return {
    *balance_config_reloads_total(): Iterable<Series> {
      for (const { source: cause, succeeded, failed } of reloads.counts) {
        yield { labels: labelText({ result: 'success', source: cause }), value: succeeded };
        yield { labels: labelText({ result: 'failure', source: cause }), value: failed };
      }
    },
    balance_config_last_reload_success: () => single(Number(reloads.lastSucceeded)),
    balance_config_last_reload_success_timestamp_seconds: () => seconds(reloads.lastSuccessAtMs),
    balance_config_last_reload_duration_seconds: () => seconds(reloads.lastDurationMs),
    *balance_upgrades_total(): Iterable<Series> {
      yield { labels: labelText({ result: 'success' }), value: upgrades.succeeded };
      yield { labels: labelText({ result: 'failure' }), value: upgrades.failed };
    },
    *balance_config_generation(): Iterable<Series> {
      for (const { id, isLive } of generations) if (isLive) yield* single(id);
    },
    balance_config_draining_generations: () => single(generations.filter(({ isLive }) => !isLive).length),
    balance_config_generation_connections: () => connectionsOfGenerations(generations),
    *balance_plugin_failures_total(): Iterable<Series> {
      for (const { plugin, count } of telemetry.pluginFailures)
        yield { labels: labelText({ plugin }), value: count };
    },
    balance_telemetry_failures_total: () => single(telemetry.subscriberFailures),
    balance_trace_spans_exported_total: () => single(telemetry.spans.exported),
    balance_trace_spans_dropped_total: () => single(telemetry.spans.dropped),
    *balance_resource_shortages_total(): Iterable<Series> {
      for (const [work, value] of Object.entries(proxy.shortages))
        yield { labels: labelText({ work }), value };
    },
    *balance_overload_level(): Iterable<Series> {
      const { overload } = proxy;
      if (overload === undefined) return;
      yield { labels: labelText({ reason: 'event_loop_delay' }), value: overload.event_loop_delay };
      yield { labels: labelText({ reason: 'heap' }), value: overload.heap };
    },
    balance_open_files_limit: () => single(openFilesLimit),
    balance_log_lines_dropped_total: () => single(telemetry.droppedLogLines),
    *balance_build_info(): Iterable<Series> {
      const labels = { version: source.version, node_version: process.version };
      yield { labels: labelText(labels), value: 1 };
    },
    balance_uptime_seconds: () => seconds(steadyNowMs() - source.startedAtMs),
  };
}

function* connectionsOfGenerations(generations: readonly GenerationReading[]): Iterable<Series> {
  for (const { id, active } of generations.slice(0, MOST_GENERATIONS)) {
    yield { labels: labelText({ generation: id }), value: active };
  }
  const older = generations.slice(MOST_GENERATIONS);
  if (older.length === 0) return;
  const value = older.reduce((sum, { active }) => sum + active, 0);
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
  ejected: 'passedEjected',
  circuit_open: 'passedCircuitOpen',
  draining: 'passedDraining',
  maintenance: 'passedMaintenance',
  max_connections: 'passedMaxConnections',
  max_requests: 'passedMaxRequests',
  pool_full: 'passedPoolFull',
  failed: 'passedFailed',
} as const;

function* passedByName(backends: ReadonlyMap<string, BackendSum>): Iterable<Series> {
  for (const [backend, { counts }] of backends)
    for (const [reason, count] of Object.entries(PASS_COUNTS))
      yield { labels: labelText({ backend, reason }), value: counts[count] };
}
