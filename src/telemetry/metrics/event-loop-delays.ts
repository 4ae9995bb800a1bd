import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { IntervalHistogram } from 'node:perf_hooks';

import type { MetricFamily } from './exposition/exposition.ts';

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

/** The readings: the part of the metric's name, the help, and how the value in ns is read from the runtime's histogram. */
const READINGS: readonly (readonly [
  part: string,
  help: string,
  read: (delays: IntervalHistogram) => number,
])[] = [
  ['min', 'The shortest delay of the event loop', (delays) => delays.min],
  ['max', 'The longest delay of the event loop', (delays) => delays.max],
  ['mean', 'The mean of the delays of the event loop', (delays) => delays.mean],
  ['p50', 'The 50th percentile of the delays of the event loop', (delays) => delays.percentile(50)],
  ['p90', 'The 90th percentile of the delays of the event loop', (delays) => delays.percentile(90)],
  ['p99', 'The 99th percentile of the delays of the event loop', (delays) => delays.percentile(99)],
];
const STDDEV = 'nodejs_eventloop_lag_stddev_seconds';
const SPAN = 'since about the last scrape, and in the last minute at least';

/** The names of the metrics of {@link EventLoopDelays.read}; prom-client uses the same. */
export const DELAY_METRICS: readonly string[] = [
  ...READINGS.map(([part]) => `nodejs_eventloop_lag_${part}_seconds`),
  STDDEV,
];

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

  /** The delays, without the monitor's own sampling interval. There are no series before the first sample. */
  read(): MetricFamily[] {
    const nowMs = performance.now();
    if (nowMs - this.#newerSinceMs >= this.#windowMs) {
      const older = this.#newer;
      this.#newer = this.#older;
      this.#older = older;
      this.#newer.reset();
      this.#newerSinceMs = nowMs;
    }
    const delays = this.#older;
    const family = (name: string, help: string, ns: number): MetricFamily => ({
      name,
      type: 'gauge',
      help: `${help}, ${SPAN}.`,
      // Before the first sample the runtime's numbers mean nothing.
      series: delays.max === 0 ? [] : [{ labels: '', value: ns / 1e9 }],
    });
    return [
      ...READINGS.map(([part, help, read]) =>
        family(
          `nodejs_eventloop_lag_${part}_seconds`,
          help,
          Math.max(0, read(delays) - PRECISION_MS * 1_000_000),
        ),
      ),
      family(STDDEV, 'The standard deviation of the delays of the event loop', delays.stddev),
    ];
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
