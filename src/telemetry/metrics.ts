import { collectDefaultMetrics, Registry } from 'prom-client';
import type { ExchangeRecord, TunnelRecord } from '../plugin-api/telemetry.ts';
import type { Backend } from '../plugin-api/upstream.ts';
import type { TelemetrySubscriber } from './channels.ts';
import { exposeCounter, exposeGauge, exposeHistogram } from './field-metrics.ts';
import type { HistogramSample, Sample } from './field-metrics.ts';
import type { BackendGauges, MetricsSource } from './metrics-source.ts';
import { RequestCounters } from './request-counters.ts';

/** The label of what no backend was picked for. */
const NO_BACKEND = 'none';
/**
 * The event-loop monitor wakes up this often. prom-client's default of 10 ms takes 0.6 % of an idle core, this a
 * sixth of it.
 */
const EVENT_LOOP_PRECISION_MS = 50;
/** From APIs that Node deprecates, at a cost that grows with the connections; `nodejs_active_resources` stays. */
const LEFT_OUT = [
  'nodejs_active_handles',
  'nodejs_active_handles_total',
  'nodejs_active_requests',
  'nodejs_active_requests_total',
];

/** Settings of {@link Metrics}. */
export interface MetricsOptions {
  readonly source: MetricsSource;
  /** Adds the metrics of the process and the runtime. Its observers end with the process only. Default: true. */
  readonly process?: boolean;
}

/** The counters that a backend object counts into; found by index, and right while the object is the same. */
interface Slot {
  readonly backend: Backend;
  readonly counters: RequestCounters;
}

type GaugeTotals = { -readonly [Name in keyof Omit<BackendGauges, 'backend'>]: BackendGauges[Name] };

/**
 * Counts exchanges in own fields and shows them, with the state of backends and reloads, in Prometheus' text
 * format. A request costs some field updates; all other work happens at the scrape.
 */
export class Metrics implements TelemetrySubscriber {
  readonly detailed = false;
  readonly #source: MetricsSource;
  readonly #registry = new Registry();
  readonly #byName = new Map<string, RequestCounters>();
  #slots: (Slot | undefined)[] = [];
  #withoutBackend = new RequestCounters();
  /** Read once a scrape, so that all metrics of it agree. */
  #gauges: ReadonlyMap<string, GaugeTotals> = new Map();
  #rendering: Promise<string> | undefined;

  constructor(options: MetricsOptions) {
    this.#source = options.source;
    this.#exposeRequests();
    this.#exposeBackends();
    this.#exposeProxy();
    if (options.process !== false) {
      collectDefaultMetrics({
        register: this.#registry,
        eventLoopMonitoringPrecision: EVENT_LOOP_PRECISION_MS,
      });
      for (const name of LEFT_OUT) this.#registry.removeSingleMetric(name);
    }
  }

  /** What `Content-Type` says about {@link render}'s text. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  exchange(record: ExchangeRecord): void {
    this.#countersOf(record.backend).count(record.method, record.status, record.durationMs, record.error);
  }

  /** A tunnel is no request, but what went wrong with it shows among the errors. */
  tunnel(record: TunnelRecord): void {
    if (record.error !== undefined) this.#countersOf(record.backend).countError(record.error);
  }

  /** The exposition. Callers that come while one is made share it. */
  render(): Promise<string> {
    this.#rendering ??= this.#render().finally(() => {
      this.#rendering = undefined;
    });
    return this.#rendering;
  }

  async #render(): Promise<string> {
    this.#gauges = totalsByName(this.#source.backends());
    this.#forgetRemoved();
    const parts: string[] = [];
    for (const { name } of this.#registry.getMetricsAsArray()) {
      parts.push(await this.#registry.getSingleMetricAsString(name));
      // Ten thousand series take 100 ms and more: let requests pass in between.
      await new Promise((resolve) => setImmediate(resolve));
    }
    return `${parts.join('\n\n')}\n`;
  }

  #countersOf(backend: Backend | undefined): RequestCounters {
    if (backend === undefined) return this.#withoutBackend;
    const slot = this.#slots[backend.index];
    return slot?.backend === backend ? slot.counters : this.#slotFor(backend).counters;
  }

  #slotFor(backend: Backend): Slot {
    let counters = this.#byName.get(backend.name);
    if (counters === undefined) {
      counters = new RequestCounters();
      this.#byName.set(backend.name, counters);
    }
    const slot = { backend, counters };
    this.#slots[backend.index] = slot;
    return slot;
  }

  /** A backend that left takes its series along; exchanges that it still finishes are not counted for long. */
  #forgetRemoved(): void {
    let removed = false;
    for (const name of this.#byName.keys()) {
      if (this.#gauges.has(name)) continue;
      this.#byName.delete(name);
      removed = true;
    }
    // A slot would keep counting into what nobody shows any more. They fill again by themselves.
    if (removed) this.#slots = [];
  }

  *#counters(): Iterable<readonly [backend: string, counters: RequestCounters]> {
    yield* this.#byName;
    yield [NO_BACKEND, this.#withoutBackend];
  }

  #exposeRequests(): void {
    const counters = this.#counters.bind(this);
    exposeCounter(this.#registry, {
      name: 'balance_requests_total',
      help: 'Requests by backend, method and status; status 0 when none reached the client.',
      labelNames: ['backend', 'method', 'status'],
      *read(): Iterable<Sample> {
        for (const [backend, requests] of counters()) {
          for (const each of requests.methods()) {
            for (const [status, value] of each.statuses()) {
              yield { labels: { backend, method: each.method, status: String(status) }, value };
            }
          }
        }
      },
    });
    exposeHistogram(this.#registry, {
      name: 'balance_request_duration_seconds',
      help: "Time from a request's first byte to the last byte of its response.",
      labelNames: ['backend', 'method'],
      *read(): Iterable<HistogramSample> {
        for (const [backend, requests] of counters()) {
          for (const each of requests.methods()) {
            yield { labels: { backend, method: each.method }, histogram: each.durations };
          }
        }
      },
    });
    exposeCounter(this.#registry, {
      name: 'balance_request_errors_total',
      help: 'Requests and tunnels that went wrong, by backend and kind of error.',
      labelNames: ['backend', 'error_type'],
      *read(): Iterable<Sample> {
        for (const [backend, requests] of counters()) {
          for (const [error_type, value] of requests.errors())
            yield { labels: { backend, error_type }, value };
        }
      },
    });
  }

  #exposeBackends(): void {
    const shown = [
      ['balance_backend_connections_active', 'Open connections to the backend.', 'connectionsActive'],
      [
        'balance_backend_health_status',
        '1 when the backend is healthy or not checked, 0 when not.',
        'healthy',
      ],
      [
        'balance_backend_requests_in_flight',
        'Requests and tunnels that the backend works on.',
        'requestsInFlight',
      ],
      ['balance_pool_connections_active', "Sockets of the backend's pool that are in use.", 'poolActive'],
      ['balance_pool_connections_idle', "Idle sockets of the backend's pool.", 'poolIdle'],
      ['balance_pool_connections_created_total', 'Sockets that the pool connected.', 'poolCreated'],
      [
        'balance_pool_connections_reused_total',
        'Times that a socket of the pool was used again.',
        'poolReused',
      ],
    ] as const;
    for (const [name, help, field] of shown) {
      const expose = name.endsWith('_total') ? exposeCounter : exposeGauge;
      const read = this.#gaugeSamples.bind(this, field);
      expose(this.#registry, { name, help, labelNames: ['backend'], read });
    }
  }

  *#gaugeSamples(field: keyof GaugeTotals): Iterable<Sample> {
    for (const [backend, totals] of this.#gauges) yield { labels: { backend }, value: Number(totals[field]) };
  }

  #exposeProxy(): void {
    const source = this.#source;
    exposeCounter(this.#registry, {
      name: 'balance_config_reloads_total',
      help: 'Reloads of the config by result.',
      labelNames: ['result'],
      read: () => [
        { labels: { result: 'success' }, value: source.reloads().succeeded },
        { labels: { result: 'failure' }, value: source.reloads().failed },
      ],
    });
    this.#exposeGauge('balance_config_last_reload_success', '1 unless the last reload failed.', () =>
      Number(source.reloads().lastSucceeded),
    );
    this.#exposeGauge(
      'balance_config_generation',
      'Number of the live generation of the config.',
      () => source.reloads().generation,
    );
    this.#exposeCounter('balance_log_lines_dropped_total', 'Log lines lost because the output stalled.', () =>
      source.droppedLogLines(),
    );
    if (source.tunnels !== undefined) {
      this.#exposeGauge('balance_tunnels_active', 'Tunnels that run now.', () => source.tunnels?.().active);
      this.#exposeCounter(
        'balance_tunnels_total',
        'Tunnels since the start.',
        () => source.tunnels?.().total,
      );
    }
    if (source.spans !== undefined) {
      this.#exposeCounter(
        'balance_trace_spans_exported_total',
        'Spans that the collector took.',
        () => source.spans?.()?.exported,
      );
      this.#exposeCounter(
        'balance_trace_spans_dropped_total',
        'Spans lost on the way to the collector.',
        () => source.spans?.()?.dropped,
      );
    }
  }

  #exposeGauge(name: string, help: string, value: () => number | undefined): void {
    exposeGauge(this.#registry, { name, help, read: () => singleSample(value()) });
  }

  #exposeCounter(name: string, help: string, value: () => number | undefined): void {
    exposeCounter(this.#registry, { name, help, read: () => singleSample(value()) });
  }
}

function singleSample(value: number | undefined): Sample[] {
  return value === undefined ? [] : [{ labels: {}, value }];
}

function totalsByName(backends: Iterable<BackendGauges>): Map<string, GaugeTotals> {
  const totals = new Map<string, GaugeTotals>();
  for (const gauges of backends) {
    const sum = totals.get(gauges.backend.name) ?? noGauges();
    sum.healthy &&= gauges.healthy;
    sum.connectionsActive += gauges.connectionsActive;
    sum.requestsInFlight += gauges.requestsInFlight;
    sum.poolActive += gauges.poolActive;
    sum.poolIdle += gauges.poolIdle;
    sum.poolCreated += gauges.poolCreated;
    sum.poolReused += gauges.poolReused;
    totals.set(gauges.backend.name, sum);
  }
  return totals;
}

function noGauges(): GaugeTotals {
  return {
    healthy: true,
    connectionsActive: 0,
    requestsInFlight: 0,
    poolActive: 0,
    poolIdle: 0,
    poolCreated: 0,
    poolReused: 0,
  };
}
