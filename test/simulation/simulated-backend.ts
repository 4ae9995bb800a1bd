import type { EventQueue } from './event-queue.ts';

/** What a backend is like. */
export interface BackendPlan {
  /** Requests that it serves at a time; further ones wait. */
  readonly cores: number;
  /** The mean time that one core needs for a request, at some moment. Times are exponentially distributed. */
  readonly meanMs: (nowMs: number) => number;
  /** The weight in the config. */
  readonly weight: number;
  /** When it is down: checks find that out at once, and leases that run then go on. Default: never. */
  readonly isDown?: (nowMs: number) => boolean;
  /** The part of its weight that counts, as during a slow start. Default: 1. */
  readonly factor?: (nowMs: number) => number;
}

/** A backend in simulated time: first come, first served. */
export class SimulatedBackend {
  readonly plan: BackendPlan;
  readonly #events: EventQueue;
  readonly #chance: () => number;
  readonly #waiting: (() => void)[] = [];
  #busy = 0;
  /** Requests that wait or are served. */
  load = 0;
  /** Requests that it got. */
  requests = 0;

  constructor(plan: BackendPlan, events: EventQueue, chance: () => number) {
    this.plan = plan;
    this.#events = events;
    this.#chance = chance;
  }

  serve(answered: () => void): void {
    this.load += 1;
    this.requests += 1;
    const begin = (): void => {
      this.#busy += 1;
      const meanMs = this.plan.meanMs(this.#events.nowMs);
      this.#events.after(exponential(meanMs, this.#chance), () => {
        this.#busy -= 1;
        this.load -= 1;
        this.#waiting.shift()?.();
        answered();
      });
    };
    if (this.#busy < this.plan.cores) begin();
    else this.#waiting.push(begin);
  }
}

/** A random time with that mean, as between independent events. */
export function exponential(meanMs: number, chance: () => number): number {
  return -Math.log(1 - chance()) * meanMs;
}
