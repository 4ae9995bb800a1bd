import type { Candidate } from '../../src/upstream/balancer/contract/balancer.ts';
import { ResponseTimes } from '../../src/upstream/standing/response-times.ts';
import type { EventQueue } from './event-queue.ts';
import type { SimulatedBackend } from './simulated-backend.ts';

/** A backend as one proxy knows it: with the leases that this proxy has there. */
export class KnownBackend implements Candidate {
  readonly backend: SimulatedBackend;
  readonly id: string;
  readonly weight: number;
  readonly priority = 0;
  readonly zone = '';
  readonly hasRoom = true;
  active = 0;
  readonly times: ResponseTimes;
  readonly #events: EventQueue;

  constructor(id: string, backend: SimulatedBackend, events: EventQueue, followsPeaks: boolean) {
    this.id = id;
    this.backend = backend;
    this.weight = backend.plan.weight;
    this.#events = events;
    this.times = new ResponseTimes(followsPeaks, () => events.nowMs);
  }

  get up(): boolean {
    return this.backend.plan.isDown?.(this.#events.nowMs) !== true;
  }

  get available(): boolean {
    return this.up;
  }

  get factor(): number {
    return this.backend.plan.factor?.(this.#events.nowMs) ?? 1;
  }

  get responseMs(): number {
    return this.times.at(this.#events.nowMs);
  }
}
