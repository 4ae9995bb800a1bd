import type { SocketUse } from '../plugin-api/index.ts';
import type { BackendState } from './backend-state.ts';
import type { Candidate } from './balancer/balancer.ts';
import type { SocketPool } from './socket-pool.ts';

export interface MemberOptions {
  readonly backend: BackendState;
  readonly weight: number;
  /** Leases at most; 0: no limit. */
  readonly maxConnections: number;
  /** Absent without health checks: always healthy. */
  readonly health?: { readonly healthy: boolean } | undefined;
  /** The pool for a use of sockets; undefined where each lease connects anew. */
  readonly pool: (use: SocketUse) => SocketPool | undefined;
}

/** A backend as a member of one upstream, in one generation. */
export class Member implements Candidate {
  readonly backend: BackendState;
  readonly id: string;
  readonly weight: number;
  readonly maxConnections: number;
  readonly pool: (use: SocketUse) => SocketPool | undefined;
  readonly #health: { readonly healthy: boolean } | undefined;

  constructor(options: MemberOptions) {
    this.backend = options.backend;
    this.id = options.backend.address;
    this.weight = options.weight;
    this.maxConnections = options.maxConnections > 0 ? options.maxConnections : Number.POSITIVE_INFINITY;
    this.pool = options.pool;
    this.#health = options.health;
  }

  get active(): number {
    return this.backend.active;
  }

  get healthy(): boolean {
    return this.#health?.healthy ?? true;
  }

  get available(): boolean {
    return this.backend.active < this.maxConnections && (this.#health?.healthy ?? true);
  }
}
