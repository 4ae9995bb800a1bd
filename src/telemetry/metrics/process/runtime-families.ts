import type { HeapReading, LoopDelays, RuntimeReading } from '../../../readings/workers/runtime.ts';
import { DurationHistogram } from '../exposition/duration-histogram.ts';
import { labelText, type MetricFamily, type Series } from '../exposition/exposition.ts';
import { GC_BUCKETS_S } from './thread-metrics.ts';

/** A thread and what tells its series from those of the others. */
export interface ShownThread {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly runtime: RuntimeReading;
}

/** The parts of the metrics' names, and what they say. */
const DELAYS: readonly (readonly [part: keyof LoopDelays, help: string])[] = [
  ['min', 'The shortest delay of the event loop'],
  ['max', 'The longest delay of the event loop'],
  ['mean', 'The mean of the delays of the event loop'],
  ['p50', 'The 50th percentile of the delays of the event loop'],
  ['p90', 'The 90th percentile of the delays of the event loop'],
  ['p99', 'The 99th percentile of the delays of the event loop'],
  ['stddev', 'The standard deviation of the delays of the event loop'],
];
const DELAYS_SPAN = 'since about the last scrape, and in the last minute at least';

/** The names of the metrics of delays; prom-client uses the same. */
export const DELAY_METRICS: readonly string[] = DELAYS.map(([part]) => delayName(part));

/** The metrics of threads, without those of their memory. */
export function runtimeFamilies(threads: readonly ShownThread[]): MetricFamily[] {
  const each = (series: (thread: ShownThread) => Iterable<Series>): Series[] =>
    threads.flatMap((thread) => [...series(thread)]);
  return [
    ...DELAYS.map(([part, help]): MetricFamily => ({
      name: delayName(part),
      type: 'gauge',
      help: `${help}, ${DELAYS_SPAN}.`,
      series: each(({ labels, runtime: { delays } }) =>
        delays === undefined ? [] : [{ labels: labelText(labels), value: delays[part] }],
      ),
    })),
    {
      name: 'nodejs_gc_duration_seconds',
      type: 'histogram',
      help: 'Garbage collection duration by kind, one of major, minor, incremental or weakcb.',
      series: each(({ labels, runtime }) =>
        runtime.collections.map(({ kind, sumS, counts }) => ({
          labels: labelText({ ...labels, kind }),
          histogram: DurationHistogram.of(GC_BUCKETS_S, counts, sumS),
        })),
      ),
    },
    {
      name: 'nodejs_eventloop_time_seconds_total',
      type: 'counter',
      help: 'Time that the event loop was active or idle.',
      series: each(({ labels, runtime: { activeMs, idleMs } }) => [
        { labels: labelText({ ...labels, state: 'active' }), value: activeMs / 1000 },
        { labels: labelText({ ...labels, state: 'idle' }), value: idleMs / 1000 },
      ]),
    },
    {
      name: 'nodejs_eventloop_utilization_ratio',
      type: 'gauge',
      help: 'Share of the time since about the last scrape, of 10 seconds at least, that the event loop was active.',
      series: each(({ labels, runtime }) => [{ labels: labelText(labels), value: runtime.utilization }]),
    },
  ];
}

/** Values of a thread's memory, by the names that prom-client has for them. */
const HEAP: Readonly<Record<string, (heap: HeapReading) => number>> = {
  nodejs_heap_size_total_bytes: ({ total }) => total,
  nodejs_heap_size_used_bytes: ({ used }) => used,
  nodejs_external_memory_bytes: ({ external }) => external,
};
const SPACES = {
  nodejs_heap_space_size_total_bytes: 'total',
  nodejs_heap_space_size_used_bytes: 'used',
  nodejs_heap_space_size_available_bytes: 'available',
} as const;

/** The series of that metric about the memory of threads; undefined when the metric is about something else. */
export function heapSeries(metric: string, threads: readonly ShownThread[]): Series[] | undefined {
  const value = HEAP[metric];
  if (value !== undefined) {
    return threads.map(({ labels, runtime }) => ({ labels: labelText(labels), value: value(runtime.heap) }));
  }
  const size = Object.entries(SPACES).find(([name]) => name === metric)?.[1];
  if (size === undefined) return undefined;
  return threads.flatMap(({ labels, runtime }) =>
    runtime.heap.spaces.map((space) => ({
      labels: labelText({ ...labels, space: space.name }),
      value: space[size],
    })),
  );
}

function delayName(part: keyof LoopDelays): string {
  return `nodejs_eventloop_lag_${part}_seconds`;
}
