import type { Candidate } from '../../../src/upstream/balancer/contract/balancer.ts';

/** A backend without a socket: it has leases, and may be down or full. */
export class BenchBackend implements Candidate {
  readonly id: string;
  readonly at: number;
  readonly weight: number;
  readonly factor = 1;
  readonly priority = 0;
  readonly zone = '';
  responseMs = 1;
  readonly limit: number;
  active = 0;
  isDown = false;

  constructor(at: number, weight: number, limit = Number.POSITIVE_INFINITY) {
    this.id = `backend-${String(at)}`;
    this.at = at;
    this.weight = weight;
    this.limit = limit;
  }

  get up(): boolean {
    return !this.isDown;
  }

  get available(): boolean {
    return !this.isDown && this.active < this.limit;
  }
}
