import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { IntervalHistogram } from 'node:perf_hooks';

import type { LoopDelays } from '../../../readings/workers/runtime.ts';

/**
 * A monitor wakes up this often. prom-client's default of 10 ms takes 0.6 % of an idle core, this a sixth of it. Both
 * monitors begin at the same time, so that one wake-up serves both.
 */
const PRECISION_MS = 50;
/**
 * The shortest time that a reading covers. Prometheus scrapes once a minute or more often, so each of several scrapers
 * sees every delay.
 */
const WINDOW_MS = 60_000;

/**
 * Measures how late the event loop runs. A scrape must not change what another scraper sees; prom-client's delays start again at each
 * scrape, so that a second scraper hides delays from the first one.
 *
 * Two monitors take turns. Values are read from the one that started earlier. When the other one has run for the whole window, the earlier
 * one starts again.
 */
export class EventLoopDelays {
  readonly #windowMs: number;
  #older = beginMonitor();
  #newer = beginMonitor();
  #newerSinceMs = performance.now();

  /** @param windowMs the shortest time that a reading covers, once the process is that old; default: 1 min */
  constructor(windowMs = WINDOW_MS) {
    this.#windowMs = windowMs;
  }

  /** The delays, without the monitor's own sampling interval; undefined before the first sample. */
  read(): LoopDelays | undefined {
    const nowMs = performance.now();
    if (nowMs - this.#newerSinceMs >= this.#windowMs) {
      const older = this.#newer;
      this.#newer = this.#older;
      this.#older = older;
      this.#newer.reset();
      this.#newerSinceMs = nowMs;
    }
    const { min, max, mean, stddev } = this.#older;
    // Before the first sample the runtime's numbers mean nothing.
    if (max === 0) return undefined;
    const percentile = (percent: number): number => delayS(this.#older.percentile(percent));
    return {
      min: delayS(min),
      max: delayS(max),
      mean: delayS(mean),
      stddev: stddev / 1e9,
      p50: percentile(50),
      p90: percentile(90),
      p99: percentile(99),
    };
  }

  destroy(): void {
    this.#older.disable();
    this.#newer.disable();
  }
}

function beginMonitor(): IntervalHistogram {
  const monitor = monitorEventLoopDelay({ resolution: PRECISION_MS });
  monitor.enable();
  return monitor;
}

function delayS(ns: number): number {
  return Math.max(0, ns / 1e9 - PRECISION_MS / 1_000);
}
