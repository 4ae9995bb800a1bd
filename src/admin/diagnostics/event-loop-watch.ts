import { performance, type EventLoopUtilization } from 'node:perf_hooks';

/** How often the loop is looked at. What stops it for less may go unseen. */
const INTERVAL_MS = 20;
/** The looks of one window. */
const WINDOW_LOOKS = 1_500;

/** How the event loop was in the last half to whole minute. */
export interface EventLoopReading {
  /** Share of the time in which it was busy, 0 to 1. */
  readonly utilization: number;
  /** How much later than it should a timer ran, in ms. */
  readonly delayMs: {
    readonly mean: number;
    readonly p50: number;
    readonly p99: number;
    readonly max: number;
  };
  readonly windowMs: number;
}

/** One stretch of time with the delays that were seen in it. */
interface Window {
  readonly begunAtMs: number;
  readonly utilization: EventLoopUtilization;
  readonly delaysMs: number[];
}

/** Watches how late timers are, while it is started. It keeps no process alive. */
export class EventLoopWatch {
  #before: Window | undefined;
  #current = beginWindow();
  #expectedAtMs = 0;
  #timer: NodeJS.Timeout | undefined;

  /** Without effect when it was started before. */
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
