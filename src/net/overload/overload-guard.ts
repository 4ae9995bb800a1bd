import { performance } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';

import type { Logger, OverloadView } from '../../plugin-api/index.ts';
import type { OverloadLevel, OverloadReading } from '../../readings/process.ts';

/** From which value on new requests are refused, and from which on new connections are too. */
export interface OverloadThresholds {
  readonly refuse: number;
  readonly pause: number;
}

export interface OverloadSettings {
  /** How late the event loop runs, smoothed, in ms. */
  readonly delayMs: OverloadThresholds;
  /** Percent of the largest heap that V8 allows. */
  readonly heapPercent: OverloadThresholds;
  readonly retryAfterMs: number;
}

/** What a look at this thread measures. */
export interface LoadSample {
  readonly delayMs: number;
  readonly heapPercent: number;
}

const OVER = 'This thread is no longer overloaded: nothing is refused';
const LOOK_INTERVAL_MS = 100;
/** The weight of the latest look: after a second most of an average is younger than that. */
const LATEST = 1 / 3;
/** A level ends when all values are below this part of its thresholds, so that it does not come and go. */
const BACK_PART = 0.8;

const NOT_OVERLOADED: OverloadReading = { event_loop_delay: 0, heap: 0 };

/**
 * Protects this thread from more work than it can do: beyond a threshold it refuses new requests at once, which is much cheaper than to serve
 * them late, and beyond the next one new connections. What runs goes on.
 *
 * Each worker has one, as each has an event loop and a heap of its own. While the config has no `overload` section, nothing is measured.
 */
export class OverloadGuard implements OverloadView {
  level: OverloadLevel = 0;
  #reading = NOT_OVERLOADED;
  readonly #logger: Logger;
  #settings: OverloadSettings | undefined;
  #timer: NodeJS.Timeout | undefined;
  #dueAtMs = 0;
  #delayMs = 0;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  get refusesRequests(): boolean {
    return this.level > 0;
  }

  /** Whether new connections are to be closed at once. */
  get refusesConnections(): boolean {
    return this.level > 1;
  }

  get retryAfterMs(): number {
    return this.#settings?.retryAfterMs ?? 0;
  }

  /** What overloads this thread; undefined while nothing is measured. */
  get reading(): OverloadReading | undefined {
    return this.#settings && this.#reading;
  }

  /** Follows these settings from now on; undefined: protects nothing. */
  configure(settings: OverloadSettings | undefined): void {
    this.#settings = settings;
    if (settings === undefined) {
      if (this.level > 0) this.#logger.warn(OVER, { level: 0, reason: 'overload protection was turned off' });
      this.destroy();
      return;
    }
    if (this.#timer !== undefined) return;
    this.#delayMs = 0;
    this.#dueAtMs = performance.now() + LOOK_INTERVAL_MS;
    this.#timer = setInterval(() => {
      this.#look();
    }, LOOK_INTERVAL_MS).unref();
  }

  /** Changes the level by what was measured. */
  judge(sample: LoadSample): void {
    const settings = this.#settings;
    if (settings === undefined) return;
    const reading = readingOf(sample, settings, this.#reading);
    const { event_loop_delay: byDelay, heap: byHeap } = reading;
    const level = byDelay > byHeap ? byDelay : byHeap;
    this.#reading = reading;
    if (level === this.level) return;
    this.level = level;
    const fields = {
      level,
      delay_ms: Math.round(sample.delayMs),
      heap_percent: Math.round(sample.heapPercent),
      ...(level === 0 ? {} : { reason: byDelay === level ? 'event_loop_delay' : 'heap' }),
    };
    if (level === 0) this.#logger.warn(OVER, fields);
    else if (level === 1) this.#logger.warn('This thread is overloaded: new requests get 503', fields);
    else this.#logger.warn('This thread is overloaded: new connections are closed', fields);
  }

  /** Stops measuring. */
  destroy(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.level = 0;
    this.#reading = NOT_OVERLOADED;
  }

  #look(): void {
    const now = performance.now();
    const lateMs = Math.max(0, now - this.#dueAtMs);
    this.#dueAtMs = now + LOOK_INTERVAL_MS;
    this.#delayMs += (lateMs - this.#delayMs) * LATEST;
    const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
    this.judge({ delayMs: this.#delayMs, heapPercent: (used / limit) * 100 });
  }
}

/** The levels by a measurement. One that is there already ends only well below its threshold. */
function readingOf(
  { delayMs, heapPercent }: LoadSample,
  settings: OverloadSettings,
  before: OverloadReading,
): OverloadReading {
  return {
    event_loop_delay: levelOf(delayMs, settings.delayMs, before.event_loop_delay),
    heap: levelOf(heapPercent, settings.heapPercent, before.heap),
  };
}

function levelOf(value: number, { refuse, pause }: OverloadThresholds, before: OverloadLevel): OverloadLevel {
  if (value > pause * (before === 2 ? BACK_PART : 1)) return 2;
  return value > refuse * (before > 0 ? BACK_PART : 1) ? 1 : 0;
}
