import { constants, performance, PerformanceObserver } from 'node:perf_hooks';
import type { PerformanceEntry } from 'node:perf_hooks';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { UtilizationWindow } from '../../time/utilization-window.ts';
import { DurationHistogram } from './exposition/duration-histogram.ts';
import { DELAY_METRICS, EventLoopDelays } from './event-loop-delays.ts';
import { labelText } from './exposition/exposition.ts';
import type { MetricFamily, MetricType, Series } from './exposition/exposition.ts';

/** prom-client's event-loop monitor can't be turned off. With this interval between its samples it costs nothing. */
const UNUSED_MONITOR_MS = 3_600_000;
/**
 * Metrics of prom-client that are not shown. The handles and requests come from deprecated APIs of Node.js whose cost grows with the number
 * of connections, and a gauge must not end in `_total`. Garbage collections are counted below, because prom-client counts only one of those
 * that are reported together. Its delays of the event loop start again at each scrape.
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
const GC_BUCKETS_S: readonly number[] = [0.001, 0.01, 0.1, 1, 2, 5];
const GC_KINDS: ReadonlyMap<number, string> = new Map([
  [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
  [constants.NODE_PERFORMANCE_GC_MINOR, 'minor'],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weakcb'],
]);

/** The metrics of the process and of Node.js, under the names of prom-client. */
export class ProcessMetrics {
  readonly #registry = new Registry();
  readonly #collections = new Map<string, DurationHistogram>();
  readonly #collector: PerformanceObserver;
  readonly #utilization = new UtilizationWindow();
  readonly #delays = new EventLoopDelays();

  /** Make only one of these in a process: prom-client's observers can't be stopped. */
  constructor() {
    collectDefaultMetrics({
      register: this.#registry,
      eventLoopMonitoringPrecision: UNUSED_MONITOR_MS,
    });
    for (const name of LEFT_OUT) this.#registry.removeSingleMetric(name);
    for (const kind of GC_KINDS.values()) this.#collections.set(kind, new DurationHistogram(GC_BUCKETS_S));
    this.#collector = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        // The declared type lacks `detail`.
        const { detail } = entry as PerformanceEntry & { readonly detail?: { readonly kind?: number } };
        this.#collections.get(GC_KINDS.get(detail?.kind ?? 0) ?? '')?.observe(entry.duration / 1000);
      }
    });
    this.#collector.observe({ entryTypes: ['gc'] });
  }

  async read(): Promise<MetricFamily[]> {
    const read = await this.#registry.getMetricsAsJSON();
    const families = read.map(({ name, help, type, values }): MetricFamily => ({
      name,
      help,
      type: type as unknown as MetricType,
      series: values.map(({ labels, value }): Series => ({
        labels: labelText(definedOf(labels)),
        value,
      })),
    }));
    return [...families, ...this.#delays.read(), this.#garbage(), ...this.#eventLoop()];
  }

  destroy(): void {
    this.#collector.disconnect();
    this.#delays.destroy();
  }

  #garbage(): MetricFamily {
    return {
      name: 'nodejs_gc_duration_seconds',
      type: 'histogram',
      help: 'Garbage collection duration by kind, one of major, minor, incremental or weakcb.',
      series: Array.from(this.#collections, ([kind, histogram]) => ({
        labels: labelText({ kind }),
        histogram,
      })),
    };
  }

  #eventLoop(): MetricFamily[] {
    const { active, idle } = performance.eventLoopUtilization();
    return [
      {
        name: 'nodejs_eventloop_time_seconds_total',
        type: 'counter',
        help: 'Time that the event loop was active or idle.',
        series: [
          { labels: labelText({ state: 'active' }), value: active / 1000 },
          { labels: labelText({ state: 'idle' }), value: idle / 1000 },
        ],
      },
      {
        name: 'nodejs_eventloop_utilization_ratio',
        type: 'gauge',
        help: 'Share of the time since about the last scrape, of 10 seconds at least, that the event loop was active.',
        series: [{ labels: '', value: this.#utilization.read() }],
      },
    ];
  }
}

function definedOf(labels: Partial<Record<string, string | number>>): Record<string, string | number> {
  const defined: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(labels)) if (value !== undefined) defined[name] = value;
  return defined;
}
