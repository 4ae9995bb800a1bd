import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { MetricsPage, MetricsPageRequest } from '../../plugin-api/host.ts';
import { acceptedFormat, acceptsGzip } from '../metrics/exposition/accept-header.ts';
import type { Telemetry } from '../telemetry.ts';
import { CONTENT_TYPES } from '../metrics/exposition/exposition.ts';
import type { MetricsSource } from '../metrics/snapshot/metrics-source.ts';
import { MetricCounters } from '../metrics/metric-counters.ts';
import { MetricsExposition } from '../metrics/metrics-exposition.ts';
import { ProcessMetrics } from '../metrics/process-metrics.ts';
import type { RequestTotals } from '../../readings/telemetry.ts';
import type { PreparedTelemetry } from './telemetry-control.ts';

const compress = promisify(gzip);
/** This level saves nearly as much as the default one, in a third of the time. */
const GZIP_LEVEL = 3;

/** The keys of the config's `metrics` section that say what is counted. */
export interface MetricsSettings {
  readonly enabled: boolean;
  /** Upper bounds of the histograms' buckets in seconds, ascending. */
  readonly buckets: readonly number[];
}

/** A config, as far as it is about metrics. */
export interface MetricsSection {
  readonly metrics: MetricsSettings;
}

/** Applies the `metrics` section of each config that goes live. While metrics are off, requests are not counted and cost nothing. */
export class MetricsControl {
  readonly #telemetry: Telemetry;
  readonly #counters: MetricCounters;
  readonly #exposition: MetricsExposition;
  #process: ProcessMetrics | undefined;
  #unsubscribe: (() => void) | undefined;

  constructor(telemetry: Telemetry, source: MetricsSource) {
    this.#telemetry = telemetry;
    this.#counters = new MetricCounters(() => source.known());
    const process = (): ProcessMetrics | undefined => this.#process;
    this.#exposition = new MetricsExposition({ counters: this.#counters, source, process });
  }

  /** `commit` applies the settings. What was counted before is kept. */
  prepare({ config }: { readonly config: MetricsSection }): Promise<PreparedTelemetry> {
    return Promise.resolve({
      commit: () => {
        this.#apply(config.metrics);
      },
      unwind: () => undefined,
    });
  }

  /** All metrics as text, in OpenMetrics and gzipped for clients that ask for it. */
  async page(request: MetricsPageRequest): Promise<MetricsPage> {
    const format = acceptedFormat(request.accept);
    const text = await this.#exposition.render(format);
    const zipped = acceptsGzip(request['accept-encoding']);
    return {
      contentType: CONTENT_TYPES[format],
      headers: { Vary: 'Accept, Accept-Encoding', ...(zipped ? { 'Content-Encoding': 'gzip' } : undefined) },
      body: zipped ? await compress(text, { level: GZIP_LEVEL }) : text,
    };
  }

  /** The requests of the backends with that name; without a name, of requests that got no backend. undefined while metrics are off. */
  totals(backend?: string): RequestTotals | undefined {
    return this.#unsubscribe === undefined ? undefined : this.#counters.totals(backend);
  }

  /** Stops counting. */
  destroy(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#process?.destroy();
  }

  #apply({ enabled, buckets }: MetricsSettings): void {
    this.#counters.setBuckets(buckets);
    if (enabled) {
      this.#process ??= new ProcessMetrics();
      this.#unsubscribe ??= this.#telemetry.subscribe(this.#counters);
    } else {
      this.#unsubscribe?.();
      this.#unsubscribe = undefined;
    }
  }
}
