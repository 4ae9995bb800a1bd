import { TimeSlicer } from '../../time/time-slicer.ts';
import { writeExposition } from './exposition/exposition.ts';
import type { ExpositionFormat, MetricFamily, Series } from './exposition/exposition.ts';
import { MetricCounters } from './metric-counters.ts';
import {
  backendSeries,
  hostNameSeries,
  listenerSeries,
  proxySeries,
  queueSeries,
  tunnelSeries,
  upstreamSeries,
} from './metric-series.ts';
import { METRIC_TABLE } from './metric-table.ts';
import type { MetricName } from './metric-table.ts';
import type { ProcessMetrics } from './process/process-metrics.ts';
import type { CounterReadings } from '../../readings/counts/counters.ts';
import type { MetricsReadings, MetricsSource } from './snapshot/metrics-source.ts';
import { MetricsSnapshots } from './snapshot/metrics-snapshot.ts';
import type { MetricsSnapshot } from './snapshot/metrics-snapshot.ts';
import { standingSeries } from './standing-series.ts';
import { certificateSeries, runningHandshakeSeries } from './tls-series.ts';
import { workerSeries } from './worker-series.ts';

/** The options of {@link MetricsExposition}. */
export interface MetricsExpositionOptions {
  readonly counters: MetricCounters;
  readonly source: MetricsSource;
  /** Returns the metrics of the process and of Node.js, which are shown as well. Default: none. */
  readonly process?: () => ProcessMetrics | undefined;
}

/** All that a scrape shows. */
interface Look {
  readonly process: readonly MetricFamily[];
  readonly readings: MetricsReadings;
  readonly snapshot: MetricsSnapshot;
  readonly counted: MetricCounters;
}

/** Shows the counters to Prometheus, together with the state of everything that runs. Both are of the moment at which a scrape begins. */
export class MetricsExposition {
  readonly #counters: MetricCounters;
  readonly #source: MetricsSource;
  readonly #process: () => ProcessMetrics | undefined;
  readonly #snapshots = new MetricsSnapshots();
  readonly #rendering = new Map<ExpositionFormat, Promise<Buffer>>();
  /** The look at the running proxy that is under way. */
  #looking: Promise<Look> | undefined;

  constructor({ counters, source, process }: MetricsExpositionOptions) {
    this.#counters = counters;
    this.#source = source;
    this.#process = process ?? (() => undefined);
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
    const look = await this.#looking;
    const series = this.#series(look);
    const own = METRIC_TABLE.map((metric): MetricFamily => ({ ...metric, series: series[metric.name]() }));
    return writeExposition([...own, ...look.process], format);
  }

  async #look(): Promise<Look> {
    const readings = await this.#source.read();
    const slicer = new TimeSlicer();
    const snapshot = this.#snapshots.take(readings.proxy);
    this.#counters.forgetOthers(snapshot);
    // In the turn in which the others' counts came: these counts get those of a worker that ends.
    const counts = [this.#counters.read(), ...readings.counts.counters];
    if (slicer.isDue) await slicer.pause();
    const counted = await this.#countersOf(counts, snapshot, slicer);
    const process = (await this.#process()?.read(readings.counts.runtimes)) ?? [];
    return { process, readings, snapshot, counted };
  }

  /** Counters with all these counts, which stay as they are while they are written. */
  async #countersOf(
    all: readonly CounterReadings[],
    { backendNames, listeners, queues }: MetricsSnapshot,
    slicer: TimeSlicer,
  ): Promise<MetricCounters> {
    const names = { backends: backendNames, listeners: [...listeners.keys()], upstreams: [...queues.keys()] };
    const counters = new MetricCounters(() => names);
    counters.setBuckets(this.#counters.buckets);
    for (const counts of all) {
      counters.add(counts);
      if (slicer.isDue) await slicer.pause();
    }
    return counters;
  }

  #series({ counted, snapshot, readings }: Look): Readonly<Record<MetricName, () => Iterable<Series>>> {
    const { backendNames } = snapshot;
    return {
      balance_requests_total: () => counted.requests.requests(snapshot),
      balance_request_duration_seconds: () => counted.requests.durations(backendNames),
      balance_request_errors_total: () => counted.requests.errors(backendNames),
      balance_route_requests_total: () => counted.routes.series(snapshot),
      balance_refused_messages_total: () => counted.refusals.series(snapshot),
      balance_hedges_total: () => counted.hedges.series(snapshot),
      balance_sticky_requests_total: () => counted.sticky.series(snapshot),
      balance_mirrored_requests_total: () => counted.mirrors.series(snapshot),
      balance_retries_total: () => counted.retries.retries(snapshot),
      balance_retries_exhausted_total: () => counted.retries.exhausted(snapshot),
      balance_health_checks_total: () => counted.healthChecks.results(snapshot),
      balance_health_check_duration_seconds: () => counted.healthChecks.durations(snapshot),
      ...backendSeries(snapshot),
      ...standingSeries(snapshot),
      ...queueSeries(snapshot, counted.queues),
      ...upstreamSeries(snapshot),
      balance_upstream_results_total: () => counted.results.series(snapshot),
      ...listenerSeries(snapshot),
      ...counted.handshakes.series(snapshot),
      ...runningHandshakeSeries(snapshot),
      ...certificateSeries(readings.certificates),
      ...tunnelSeries(readings.proxy),
      ...hostNameSeries(readings.proxy),
      balance_tunnel_duration_seconds: () => counted.tunnels.series(snapshot),
      ...workerSeries(readings, snapshot),
      ...proxySeries(this.#source, readings),
    };
  }
}
