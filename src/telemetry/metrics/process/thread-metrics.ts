import { constants, performance, PerformanceObserver } from 'node:perf_hooks';
import type { PerformanceEntry } from 'node:perf_hooks';
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';

import type { HeapReading, RuntimeReading } from '../../../readings/workers/runtime.ts';
import { UtilizationWindow } from '../../../time/utilization-window.ts';
import { EventLoopDelays } from './event-loop-delays.ts';

/** Upper bounds of the buckets of garbage collections, in seconds. */
export const GC_BUCKETS_S: readonly number[] = [0.001, 0.01, 0.1, 1, 2, 5];
const GC_KINDS: ReadonlyMap<number, string> = new Map([
  [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
  [constants.NODE_PERFORMANCE_GC_MINOR, 'minor'],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weakcb'],
]);

/** Garbage collections of one kind. */
class Collections {
  sumS = 0;
  readonly counts = [...GC_BUCKETS_S.map(() => 0), 0];

  add(durationS: number): void {
    const found = GC_BUCKETS_S.findIndex((bound) => durationS <= bound);
    const bucket = found < 0 ? GC_BUCKETS_S.length : found;
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.sumS += durationS;
  }
}

/** Measures how JavaScript runs in this thread. */
export class ThreadMetrics {
  readonly #collections = new Map(Array.from(GC_KINDS.values(), (kind) => [kind, new Collections()]));
  readonly #collector: PerformanceObserver;
  readonly #utilization = new UtilizationWindow();
  readonly #delays = new EventLoopDelays();

  constructor() {
    this.#collector = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        // The declared type lacks `detail`.
        const { detail } = entry as PerformanceEntry & { readonly detail?: { readonly kind?: number } };
        this.#collections.get(GC_KINDS.get(detail?.kind ?? 0) ?? '')?.add(entry.duration / 1000);
      }
    });
    this.#collector.observe({ entryTypes: ['gc'] });
  }

  read(): RuntimeReading {
    const { active, idle } = performance.eventLoopUtilization();
    return {
      activeMs: active,
      idleMs: idle,
      utilization: this.#utilization.read(),
      delays: this.#delays.read(),
      collections: Array.from(this.#collections, ([kind, { sumS, counts }]) => ({
        kind,
        sumS,
        counts: [...counts],
      })),
      heap: readHeap(),
    };
  }

  destroy(): void {
    this.#collector.disconnect();
    this.#delays.destroy();
  }
}

function readHeap(): HeapReading {
  const heap = getHeapStatistics();
  return {
    total: heap.total_heap_size,
    used: heap.used_heap_size,
    external: heap.external_memory,
    spaces: getHeapSpaceStatistics().map((space) => ({
      name: space.space_name.replace(/_space$/, ''),
      total: space.space_size,
      used: space.space_used_size,
      available: space.space_available_size,
    })),
  };
}
