import { performance } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';

import type { Logger, OverloadView } from '../../plugin-api/index.ts';

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

const LOOK_INTERVAL_MS = 100;
/** The weight of the latest look: after a second most of an average is younger than that. */
const LATEST = 1 / 3;
/** A level ends when all values are below this part of its thresholds, so that it does not come and go. */
const BACK_PART = 0.8;

/** 0: nothing is refused. 1: new requests are. 2: new connections are too. */
export type OverloadLevel = 0 | 1 | 2;

/**
 * Protects this thread from more work than it can do: beyond a threshold it refuses new requests at once, which is much cheaper than to serve
 * them late, and beyond the next one new connections. What runs goes on.
 *
 * Each worker has one, as each has an event loop and a heap of its own. While the config has no `overload` section, nothing is measured.
 */
export class OverloadGuard implements OverloadView {
  level: OverloadLevel = 0;
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

  /** Follows these settings from now on; undefined: protects nothing. */
  configure(settings: OverloadSettings | undefined): void {
    this.#settings = settings;
    if (settings === undefined) {
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
    const level = levelOf(sample, settings, this.level);
    if (level === this.level) return;
    this.level = level;
    const fields = {
      level,
      delay_ms: Math.round(sample.delayMs),
      heap_percent: Math.round(sample.heapPercent),
    };
    if (level === 0) this.#logger.warn('This thread is no longer overloaded: nothing is refused', fields);
    else if (level === 1) this.#logger.warn('This thread is overloaded: new requests get 503', fields);
    else this.#logger.warn('This thread is overloaded: new connections are closed', fields);
  }

  /** Stops measuring. */
  destroy(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.level = 0;
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

/** The level by a measurement. One that is there already ends only well below its threshold. */
function levelOf(
  { delayMs, heapPercent }: LoadSample,
  settings: OverloadSettings,
  before: OverloadLevel,
): OverloadLevel {
  const isAbove = (key: keyof OverloadThresholds, isOn: boolean): boolean => {
    const part = isOn ? BACK_PART : 1;
    return delayMs > settings.delayMs[key] * part || heapPercent > settings.heapPercent[key] * part;
  };
  if (isAbove('pause', before === 2)) return 2;
  return isAbove('refuse', before > 0) ? 1 : 0;
}
