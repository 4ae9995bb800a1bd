import type { SocketUse } from '../plugin-api/index.ts';
import type { BackendState } from './backend-state.ts';
import type { Candidate } from './balancer/balancer.ts';
import type { PassedOver } from './group/passed-over.ts';
import type { SocketPool } from './pool/socket-pool.ts';

export interface MemberOptions {
  readonly backend: BackendState;
  readonly weight: number;
  /** Leases at most; 0: no limit. */
  readonly maxConnections: number;
  /** Absent without health checks: always healthy. */
  readonly health?: MemberHealth | undefined;
}

/** What checks found out about a backend. */
export interface MemberHealth {
  readonly healthy: boolean;
  /** Since when, ms since 1970. */
  readonly changedAtMs?: number;
  /** Undefined before the first check. */
  readonly lastCheckAtMs?: number | undefined;
  /** Why the last check failed. */
  readonly lastError?: string | undefined;
}

/** A backend as a member of one upstream, for as long as no edit changes that. */
export class Member implements Candidate {
  readonly backend: BackendState;
  readonly id: string;
  readonly weight: number;
  readonly maxConnections: number;
  readonly #pools = new Map<SocketUse, SocketPool>();
  #limiting: SocketPool | undefined;
  /** Of its group: told when it is asked in vain whether it is available. */
  passedOver: PassedOver | undefined;
  /** Absent without health checks. */
  readonly health: MemberHealth | undefined;

  constructor(options: MemberOptions) {
    this.backend = options.backend;
    this.id = options.backend.address;
    this.weight = options.weight;
    this.maxConnections = options.maxConnections > 0 ? options.maxConnections : Number.POSITIVE_INFINITY;
    this.health = options.health;
  }

  /** The pool for a use of sockets; undefined where each lease connects anew. */
  pool(use: SocketUse): SocketPool | undefined {
    return this.#pools.get(use);
  }

  /** Takes sockets for that use from a pool. The one of exchanges limits the leases by its size too. */
  usePool(use: SocketUse, pool: SocketPool): void {
    this.#pools.set(use, pool);
    if (use === 'keep-alive') this.#limiting = pool;
  }

  /** From here on each lease for that use connects anew. */
  dropPool(use: SocketUse): void {
    this.#pools.delete(use);
    if (use === 'keep-alive') this.#limiting = undefined;
  }

  get active(): number {
    return this.backend.active;
  }

  get healthy(): boolean {
    return this.health?.healthy ?? true;
  }

  get available(): boolean {
    if (
      this.backend.active < this.maxConnections &&
      this.#limiting?.isFull !== true &&
      (this.health?.healthy ?? true)
    )
      return true;
    this.passedOver?.note(this);
    return false;
  }

  /** True while nothing but its full pool keeps it from another lease. */
  get isHeldUpByPool(): boolean {
    return this.#limiting?.isFull === true && this.healthy && this.backend.active < this.maxConnections;
  }

  /** Makes room below the limit: the lease that has rested longest for its client gives way. False when that is not the way to get room. */
  makeRoom(): boolean {
    return this.healthy && this.backend.active >= this.maxConnections && this.backend.endResting();
  }
}
