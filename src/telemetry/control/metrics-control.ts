import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { MetricsPage, MetricsPageRequest } from '../../plugin-api/host.ts';
import { acceptedFormat, acceptsGzip } from '../metrics/exposition/accept-header.ts';
import { CONTENT_TYPES } from '../metrics/exposition/exposition.ts';
import type { MetricsSource } from '../metrics/snapshot/metrics-source.ts';
import { MetricsExposition } from '../metrics/metrics-exposition.ts';
import { ProcessMetrics } from '../metrics/process/process-metrics.ts';
import type { RequestTotals } from '../../readings/counts/telemetry.ts';
import type { CountersControl, MetricsSettings } from './counters-control.ts';
import type { PreparedTelemetry } from './telemetry-control.ts';

const compress = promisify(gzip);
/** This level saves nearly as much as the default one, in a third of the time. */
const GZIP_LEVEL = 3;

/** A config, as far as it is about metrics. */
export interface MetricsSection {
  readonly metrics: MetricsSettings;
}

/** Applies the `metrics` section of each config that goes live, and shows what is counted. */
export class MetricsControl {
  readonly #counters: CountersControl;
  readonly #source: MetricsSource;
  readonly #exposition: MetricsExposition;
  #process: ProcessMetrics | undefined;

  constructor(counters: CountersControl, source: MetricsSource) {
    this.#counters = counters;
    this.#source = source;
    const process = (): ProcessMetrics | undefined => this.#process;
    this.#exposition = new MetricsExposition({ counters: counters.counters, source, process });
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

  /** As {@link CountersControl.totals}, of this moment. */
  async totals(): Promise<(backend?: string) => RequestTotals | undefined> {
    const others = await this.#source.counts();
    const whole = others.length === 0 ? this.#counters : this.#counters.with(others);
    return (backend) => whole.totals(backend);
  }

  /** Stops counting. */
  destroy(): void {
    this.#counters.destroy();
    this.#process?.destroy();
  }

  #apply(settings: MetricsSettings): void {
    this.#counters.apply(settings);
    if (settings.enabled) this.#process ??= new ProcessMetrics();
  }
}
