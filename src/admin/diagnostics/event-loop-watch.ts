import { performance, type EventLoopUtilization } from 'node:perf_hooks';

/** Interval of the timer. A shorter stop of the event loop may not be noticed. */
const INTERVAL_MS = 20;
/** Number of measurements in one window. */
const WINDOW_LOOKS = 1_500;

/** The state of the event loop in the last 30 to 60 seconds. */
export interface EventLoopReading {
  /** Share of the time in which the event loop was busy, from 0 to 1. */
  readonly utilization: number;
  /** How late a timer ran, in ms. */
  readonly delayMs: {
    readonly mean: number;
    readonly p50: number;
    readonly p99: number;
    readonly max: number;
  };
  readonly windowMs: number;
}

/** A period of time with the delays that were measured in it. */
interface Window {
  readonly begunAtMs: number;
  readonly utilization: EventLoopUtilization;
  readonly delaysMs: number[];
}

/** Measures how late timers run, between `start` and `stop`. It does not keep the process alive. */
export class EventLoopWatch {
  #before: Window | undefined;
  #current = beginWindow();
  #expectedAtMs = 0;
  #timer: NodeJS.Timeout | undefined;

  /** Does nothing when it runs already. */
  start(): void {
    if (this.#timer !== undefined) return;
    this.#before = undefined;
    this.#current = beginWindow();
    this.#expectedAtMs = performance.now() + INTERVAL_MS;
    this.#timer = setInterval(() => {
      this.#look();
    }, INTERVAL_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  read(): EventLoopReading {
    const first = this.#before ?? this.#current;
    const delays = [...(this.#before?.delaysMs ?? []), ...this.#current.delaysMs].sort((a, b) => a - b);
    return {
      utilization: performance.eventLoopUtilization(first.utilization).utilization,
      delayMs: {
        mean: delays.length === 0 ? 0 : delays.reduce((sum, delay) => sum + delay, 0) / delays.length,
        p50: quantile(delays, 0.5),
        p99: quantile(delays, 0.99),
        max: delays.at(-1) ?? 0,
      },
      windowMs: performance.now() - first.begunAtMs,
    };
  }

  #look(): void {
    const nowMs = performance.now();
    this.#current.delaysMs.push(Math.max(0, nowMs - this.#expectedAtMs));
    this.#expectedAtMs = nowMs + INTERVAL_MS;
    if (this.#current.delaysMs.length < WINDOW_LOOKS) return;
    this.#before = this.#current;
    this.#current = beginWindow();
  }
}

function beginWindow(): Window {
  return { begunAtMs: performance.now(), utilization: performance.eventLoopUtilization(), delaysMs: [] };
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
