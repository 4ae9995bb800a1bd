import { collectDefaultMetrics, Registry } from 'prom-client';

import type { WorkersCounts } from '../../../readings/counts/thread-counts.ts';
import { labelText } from '../exposition/exposition.ts';
import type { MetricFamily, MetricType, Series } from '../exposition/exposition.ts';
import { DELAY_METRICS, heapSeries, runtimeFamilies, type ShownThread } from './runtime-families.ts';
import { ThreadMetrics } from './thread-metrics.ts';

/** prom-client's event-loop monitor can't be turned off. With this interval between its samples it costs nothing. */
const UNUSED_MONITOR_MS = 3_600_000;
/**
 * Metrics of prom-client that are not shown. The handles and requests come from deprecated APIs of Node.js whose cost grows with the number
 * of connections, and a gauge must not end in `_total`. Garbage collections are counted by {@link ThreadMetrics}, because prom-client counts
 * only one of those that are reported together. Its delays of the event loop start again at each scrape.
 */
const LEFT_OUT = [
  'nodejs_active_handles',
  'nodejs_active_handles_total',
  'nodejs_active_requests',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
  'nodejs_gc_duration_seconds',
  ...DELAY_METRICS,
];
/** prom-client measures these in the thread of the supervisor alone. */
const OF_MAIN: ReadonlySet<string> = new Set(['nodejs_eventloop_lag_seconds', 'nodejs_active_resources']);
/** The label of the series of the supervisor's thread, where workers have threads of their own. */
const MAIN = { worker: 'main' };

/** The metrics of the process and of Node.js, under the names of prom-client. */
export class ProcessMetrics {
  readonly #registry = new Registry();
  readonly #thread = new ThreadMetrics();

  /** Make only one of these in a process: prom-client's observers can't be stopped. */
  constructor() {
    collectDefaultMetrics({
      register: this.#registry,
      eventLoopMonitoringPrecision: UNUSED_MONITOR_MS,
    });
    for (const name of LEFT_OUT) this.#registry.removeSingleMetric(name);
  }

  /** @param workers threads beside this one. Where there are some, series that are about a thread have the label `worker`. */
  async read(workers: WorkersCounts['runtimes'] = []): Promise<MetricFamily[]> {
    const families = (await this.#registry.getMetricsAsJSON()).map(familyOf);
    const own = this.#thread.read();
    if (workers.length === 0) return [...families, ...runtimeFamilies([{ labels: {}, runtime: own }])];
    const threads: ShownThread[] = [
      { labels: MAIN, runtime: own },
      ...workers.map(({ worker, runtime }) => ({ labels: { worker }, runtime })),
    ];
    return [
      ...families.map((family) => ({ ...family, series: seriesOfThreads(family, threads) })),
      ...runtimeFamilies(threads),
    ];
  }

  destroy(): void {
    this.#thread.destroy();
  }
}

type ReadMetric = Awaited<ReturnType<Registry['getMetricsAsJSON']>>[number];

function familyOf({ name, help, type, values }: ReadMetric): MetricFamily {
  return {
    name,
    help,
    type: type as unknown as MetricType,
    series: values.map(({ labels, value }): Series => ({ labels: labelText(definedOf(labels)), value })),
  };
}

function seriesOfThreads({ name, series }: MetricFamily, threads: readonly ShownThread[]): Iterable<Series> {
  if (!OF_MAIN.has(name)) return heapSeries(name, threads) ?? series;
  return Array.from(series, (each) => ({
    ...each,
    labels: `${labelText(MAIN)}${each.labels === '' ? '' : ','}${each.labels}`,
  }));
}

function definedOf(labels: Partial<Record<string, string | number>>): Record<string, string | number> {
  const defined: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(labels)) if (value !== undefined) defined[name] = value;
  return defined;
}
