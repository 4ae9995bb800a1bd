import type { Candidate } from '../../../src/upstream/balancer/contract/balancer.ts';

export interface BenchBackendOptions {
  readonly weight?: number;
  /** Leases at most. */
  readonly limit?: number;
  readonly isDown?: boolean;
  readonly priority?: number;
  readonly zone?: string;
}

/** A backend without a socket: it has leases, and may be down or full. */
export class BenchBackend implements Candidate {
  readonly id: string;
  readonly at: number;
  readonly weight: number;
  readonly factor = 1;
  readonly priority: number;
  readonly zone: string;
  readonly responseMs = 1;
  readonly limit: number;
  active = 0;
  isDown: boolean;

  constructor(at: number, options: BenchBackendOptions = {}) {
    this.id = `backend-${String(at)}`;
    this.at = at;
    this.weight = options.weight ?? 1;
    this.limit = options.limit ?? Number.POSITIVE_INFINITY;
    this.isDown = options.isDown ?? false;
    this.priority = options.priority ?? 0;
    this.zone = options.zone ?? '';
  }

  get up(): boolean {
    return !this.isDown;
  }

  get hasRoom(): boolean {
    return this.active < this.limit;
  }

  get available(): boolean {
    return !this.isDown && this.hasRoom;
  }
}
