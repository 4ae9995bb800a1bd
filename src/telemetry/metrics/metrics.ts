import type { ExchangeRecord, TunnelRecord } from '../../plugin-api/telemetry.ts';
import type { HandshakeRecord } from '../../readings/handshake.ts';
import type { RequestTotals } from '../../readings/telemetry.ts';
import type { HealthCheckRecord, QueueOutcome, QueueRecord } from '../../readings/upstream.ts';
import type { TelemetrySubscriber } from '../telemetry.ts';
import { NamedDurationCounters } from './counters/duration-counters.ts';
import { writeExposition } from './exposition/exposition.ts';
import type { ExpositionFormat, MetricFamily, Series } from './exposition/exposition.ts';
import { METRIC_TABLE } from './metric-table.ts';
import type { MetricName } from './metric-table.ts';
import type { MetricsReadings, MetricsSource } from './snapshot/metrics-source.ts';
import { MetricsSnapshots } from './snapshot/metrics-snapshot.ts';
import type { MetricsSnapshot } from './snapshot/metrics-snapshot.ts';
import type { ProcessMetrics } from './process-metrics.ts';
import {
  backendSeries,
  hostNameSeries,
  listenerSeries,
  proxySeries,
  queueSeries,
  tunnelSeries,
  upstreamSeries,
} from './metric-series.ts';
import { certificateSeries, runningHandshakeSeries } from './tls-series.ts';
import { HandshakeMetrics } from './counters/handshake-metrics.ts';
import { RefusalCounters } from './counters/refusal-counters.ts';
import { RouteCounters } from './counters/route-counters.ts';
import { NO_BACKEND, RequestMetrics } from './counters/request-metrics.ts';
import { TunnelDurations } from './counters/tunnel-durations.ts';
import { UpstreamResults } from './counters/upstream-results.ts';

/** The options of {@link Metrics}. */
export interface MetricsOptions {
  readonly source: MetricsSource;
  /** Returns the metrics of the process and of Node.js, which are shown as well. Default: none. */
  readonly process?: () => ProcessMetrics | undefined;
}

/** All that a scrape shows and that is not counted here. */
interface Look {
  readonly process: readonly MetricFamily[];
  readonly readings: MetricsReadings;
  readonly snapshot: MetricsSnapshot;
}

/**
 * Counts requests, tunnels, TLS handshakes, health checks and queues, and shows the counts to Prometheus together with the state of everything that runs. A
 * request costs a few additions to fields; all other work is done at the scrape.
 */
export class Metrics implements TelemetrySubscriber {
  readonly detailed = false;
  readonly #source: MetricsSource;
  readonly #process: () => ProcessMetrics | undefined;
  readonly #snapshots = new MetricsSnapshots();
  readonly #requests: RequestMetrics;
  readonly #results: UpstreamResults;
  readonly #routes: RouteCounters;
  readonly #refusals: RefusalCounters;
  readonly #healthChecks: NamedDurationCounters<'pass' | 'fail'>;
  readonly #queues: NamedDurationCounters<QueueOutcome>;
  readonly #tunnels: TunnelDurations;
  readonly #handshakes: HandshakeMetrics;
  readonly #rendering = new Map<ExpositionFormat, Promise<Buffer>>();
  /** The look at the running proxy that is under way. */
  #looking: Promise<Look> | undefined;
  /** The buckets of the live config. They are set before anything is counted. */
  #bounds: readonly number[] = [];

  constructor({ source, process }: MetricsOptions) {
    this.#source = source;
    this.#process = process ?? (() => undefined);
    const backends = (): Iterable<string> => source.known().backends;
    const listeners = (): Iterable<string> => source.known().listeners;
    const upstreams = (): Iterable<string> => source.known().upstreams;
    this.#requests = new RequestMetrics(backends, []);
    this.#results = new UpstreamResults(upstreams);
    this.#routes = new RouteCounters(listeners);
    this.#refusals = new RefusalCounters(listeners);
    this.#healthChecks = new NamedDurationCounters(backends, []);
    this.#queues = new NamedDurationCounters(upstreams, []);
    this.#tunnels = new TunnelDurations(listeners, backends);
    this.#handshakes = new HandshakeMetrics(listeners, upstreams, backends);
  }

  exchange(record: ExchangeRecord): void {
    this.#requests.exchange(record);
    this.#results.exchange(record);
    this.#routes.exchange(record);
    if (record.refusal !== undefined) this.#refusals.count(record);
  }

  tunnel(record: TunnelRecord): void {
    this.#requests.tunnel(record);
    this.#results.tunnel(record);
    this.#tunnels.count(record);
  }

  healthCheck({ backend, passed, durationMs }: HealthCheckRecord): void {
    this.#healthChecks.count(backend, passed ? 'pass' : 'fail', durationMs);
  }

  queue({ upstream, outcome, waitedMs }: QueueRecord): void {
    this.#queues.count(upstream, outcome, outcome === 'refused' ? undefined : waitedMs);
  }

  handshake(record: HandshakeRecord): void {
    this.#handshakes.count(record);
  }

  /** The requests of the backends with that name; without a name, of requests that got no backend. */
  totals(backend = NO_BACKEND): RequestTotals {
    return this.#requests.totals(backend);
  }

  /**
   * Changes the buckets of requests, queues, health checks and TLS handshakes. What was counted in other buckets is kept, as DurationHistogram.withBounds
   * says.
   *
   * @param bounds upper bounds in seconds, ascending
   */
  setBuckets(bounds: readonly number[]): void {
    if (bounds.join() === this.#bounds.join()) return;
    this.#bounds = bounds;
    this.#requests.setBounds(bounds);
    this.#healthChecks.setBounds(bounds);
    this.#queues.setBounds(bounds);
    this.#handshakes.setBounds(bounds);
  }

  /** All metrics as UTF-8 text. Scrapes that come while another one is being written get the same text. */
  render(format: ExpositionFormat = 'prometheus'): Promise<Buffer> {
    let rendering = this.#rendering.get(format);
    if (rendering === undefined) {
      rendering = this.#render(format).finally(() => this.#rendering.delete(format));
      this.#rendering.set(format, rendering);
    }
    return rendering;
  }

  async #render(format: ExpositionFormat): Promise<Buffer> {
    // Snapshots must be taken in the order of their readings, so scrapes in both formats at a time share one look.
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    const { process, readings, snapshot } = await this.#looking;
    const series = this.#series(snapshot, readings);
    const own = METRIC_TABLE.map((metric): MetricFamily => ({ ...metric, series: series[metric.name]() }));
    return writeExposition([...own, ...process], format);
  }

  async #look(): Promise<Look> {
    const process = (await this.#process()?.read()) ?? [];
    const readings = await this.#source.read();
    const snapshot = this.#snapshots.take(readings.proxy);
    this.#forgetOthers(snapshot);
    return { process, readings, snapshot };
  }

  #forgetOthers(snapshot: MetricsSnapshot): void {
    this.#requests.forgetOthers(snapshot.backendNames);
    this.#healthChecks.forgetOthers(snapshot.backendNames);
    this.#queues.forgetOthers(new Set(snapshot.queues.keys()));
    this.#tunnels.forgetOthers(snapshot);
    this.#handshakes.forgetOthers(snapshot);
    this.#results.forgetOthers(snapshot);
    this.#routes.forgetOthers(snapshot);
    this.#refusals.forgetOthers(snapshot);
  }

  #series(
    snapshot: MetricsSnapshot,
    readings: MetricsReadings,
  ): Readonly<Record<MetricName, () => Iterable<Series>>> {
    const { backendNames } = snapshot;
    return {
      balance_requests_total: () => this.#requests.requests(snapshot),
      balance_request_duration_seconds: () => this.#requests.durations(backendNames),
      balance_request_errors_total: () => this.#requests.errors(backendNames),
      balance_route_requests_total: () => this.#routes.series(snapshot),
      balance_refused_messages_total: () => this.#refusals.series(snapshot),
      ...backendSeries(snapshot, this.#healthChecks),
      ...queueSeries(snapshot, this.#queues),
      ...upstreamSeries(snapshot),
      balance_upstream_results_total: () => this.#results.series(snapshot),
      ...listenerSeries(snapshot),
      ...this.#handshakes.series(snapshot),
      ...runningHandshakeSeries(snapshot),
      ...certificateSeries(readings.certificates),
      ...tunnelSeries(readings.proxy),
      ...hostNameSeries(readings.proxy),
      balance_tunnel_duration_seconds: () => this.#tunnels.series(snapshot),
      ...proxySeries(this.#source, readings),
    };
  }
}
