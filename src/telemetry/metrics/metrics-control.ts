import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { MetricsPage, MetricsPageRequest } from '../../plugin-api/host.ts';
import { acceptedFormat, acceptsGzip } from './accept.ts';
import type { Telemetry } from '../channels.ts';
import { CONTENT_TYPES } from './exposition.ts';
import type { MetricsSource } from './metrics-source.ts';
import { Metrics } from './metrics.ts';
import { ProcessMetrics } from './process-metrics.ts';
import type { RequestTotals } from './counters/request-metrics.ts';
import type { PreparedTelemetry } from '../telemetry-control.ts';

const compress = promisify(gzip);
/** Most of what can be saved, for a third of the default's time. */
const GZIP_LEVEL = 3;

/** The config's `metrics` section, as far as it says what is counted. */
export interface MetricsSettings {
  readonly enabled: boolean;
  /** Upper bounds in seconds, ascending. */
  readonly buckets: readonly number[];
}

/** Keeps the metrics as the live config has them: while they are off, no request costs anything for them. */
export class MetricsControl {
  readonly #telemetry: Telemetry;
  readonly #metrics: Metrics;
  #process: ProcessMetrics | undefined;
  #unsubscribe: (() => void) | undefined;

  constructor(telemetry: Telemetry, source: MetricsSource) {
    this.#telemetry = telemetry;
    this.#metrics = new Metrics({ source, process: () => this.#process });
  }

  /** From `commit` on it counts as the settings say; what was counted before stays. */
  prepare(settings: MetricsSettings): Promise<PreparedTelemetry> {
    return Promise.resolve({
      commit: () => {
        this.#apply(settings);
      },
      unwind: () => undefined,
    });
  }

  /** The exposition: OpenMetrics and gzip for those who ask for them. */
  async page(request: MetricsPageRequest): Promise<MetricsPage> {
    const format = acceptedFormat(request.accept);
    const text = await this.#metrics.render(format);
    const zipped = acceptsGzip(request['accept-encoding']);
    return {
      contentType: CONTENT_TYPES[format],
      headers: { Vary: 'Accept, Accept-Encoding', ...(zipped ? { 'Content-Encoding': 'gzip' } : undefined) },
      body: zipped ? await compress(text, { level: GZIP_LEVEL }) : text,
    };
  }

  /** The requests of backends with that name, without one of those that had none; undefined while nothing is counted. */
  totals(backend?: string): RequestTotals | undefined {
    return this.#unsubscribe === undefined ? undefined : this.#metrics.totals(backend);
  }

  /** Counts no more. */
  destroy(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#process?.destroy();
  }

  #apply({ enabled, buckets }: MetricsSettings): void {
    this.#metrics.setBuckets(buckets);
    if (enabled) {
      this.#process ??= new ProcessMetrics();
      this.#unsubscribe ??= this.#telemetry.subscribe(this.#metrics);
    } else {
      this.#unsubscribe?.();
      this.#unsubscribe = undefined;
    }
  }
}
