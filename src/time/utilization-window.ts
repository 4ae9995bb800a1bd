import { performance, type EventLoopUtilization } from 'node:perf_hooks';

/** The utilization is measured over at least this time, so that several readers get about the same value. */
const WINDOW_MS = 10_000;

/** The event loop of a thread, as `performance` and `Worker.performance` show it. */
export interface WatchedLoop {
  eventLoopUtilization(from?: EventLoopUtilization, until?: EventLoopUtilization): EventLoopUtilization;
}

/** Measures an event loop's utilization since the reading before the last one, or since an earlier one if that is too recent. */
export class UtilizationWindow {
  readonly #loop: WatchedLoop;
  #from: EventLoopUtilization;
  #next: EventLoopUtilization;
  #nextAtMs = performance.now();

  /** @param loop default: the event loop of this thread */
  constructor(loop: WatchedLoop = performance) {
    this.#loop = loop;
    this.#from = loop.eventLoopUtilization();
    this.#next = this.#from;
  }

  /** From 0 to 1. */
  read(): number {
    const now = this.#loop.eventLoopUtilization();
    const nowMs = performance.now();
    if (nowMs - this.#nextAtMs >= WINDOW_MS) {
      this.#from = this.#next;
      this.#next = now;
      this.#nextAtMs = nowMs;
    }
    return this.#loop.eventLoopUtilization(now, this.#from).utilization;
  }
}
