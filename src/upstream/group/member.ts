import type { Dialer } from '../../net/dial/dialer.ts';
import type { SocketUse } from '../../plugin-api/index.ts';
import type { BackendState } from '../backend/backend-state.ts';
import type { Candidate } from '../balancer/contract/balancer.ts';
import type { ChannelPool } from '../pool/channel-pool.ts';
import { FreshSockets } from '../pool/fresh-sockets.ts';
import type { WaitReason } from './wait-queue.ts';

export interface MemberOptions {
  readonly backend: BackendState;
  readonly weight: number;
  /** As of `Candidate`. Default: 0. */
  readonly priority?: number | undefined;
  /** As of `Candidate`. Default: ''. */
  readonly zone?: string | undefined;
  /** Leases at most. 0: no limit. */
  readonly maxConnections: number;
  readonly dialer: Dialer;
  /** Default: no health checks, so always healthy. */
  readonly health?: MemberHealth | undefined;
}

/** The health of a backend, as its checks found it. */
export interface MemberHealth {
  readonly healthy: boolean;
  /** When the health changed last, in ms since 1970. */
  readonly changedAtMs?: number;
  /** Undefined before the first check. */
  readonly lastCheckAtMs?: number | undefined;
  /** Why the last check failed. */
  readonly lastError?: string | undefined;
}

/** Is told of members that a balancer finds unavailable. */
export interface UnavailableNotes {
  note(member: Member): void;
}

/** A backend as one upstream uses it: its weight, limit, health and pools there. The same object for as long as these stay the same. */
export class Member implements Candidate {
  readonly backend: BackendState;
  readonly id: string;
  readonly weight: number;
  readonly priority: number;
  readonly zone: string;
  readonly factor = 1;
  readonly responseMs = 0;
  readonly maxConnections: number;
  /** Absent without health checks. */
  readonly health: MemberHealth | undefined;
  /** Makes a new connection for each lease. */
  readonly fresh: ChannelPool;
  /** Set by its group, to learn which members a balancer found unavailable. */
  notes: UnavailableNotes | undefined = undefined;
  readonly #pools = new Map<SocketUse, ChannelPool>();
  /** The pool whose size limits the leases: that of `keep-alive`. */
  #limiting: ChannelPool | undefined = undefined;

  constructor(options: MemberOptions) {
    this.backend = options.backend;
    this.id = options.backend.name;
    this.weight = options.weight;
    this.priority = options.priority ?? 0;
    this.zone = options.zone ?? '';
    this.maxConnections = options.maxConnections > 0 ? options.maxConnections : Number.POSITIVE_INFINITY;
    this.health = options.health;
    this.fresh = new FreshSockets(options.backend, options.dialer);
  }

  /** The pool that leases for that use get their channels from. */
  pool(use: SocketUse): ChannelPool {
    return this.#pools.get(use) ?? this.fresh;
  }

  /** Leases for that use get their channels from `pool` from now on; without a pool, each lease makes a connection of its own. */
  setPool(use: SocketUse, pool: ChannelPool | undefined): void {
    if (pool === undefined) this.#pools.delete(use);
    else this.#pools.set(use, pool);
    if (use !== 'keep-alive') return;
    this.#limiting = pool;
    this.backend.noteChange();
  }

  get active(): number {
    return this.backend.load;
  }

  get healthy(): boolean {
    return this.health?.healthy ?? true;
  }

  get up(): boolean {
    return this.healthy;
  }

  get available(): boolean {
    if (
      this.backend.load < this.maxConnections &&
      this.#limiting?.isFull !== true &&
      (this.health?.healthy ?? true)
    )
      return true;
    this.notes?.note(this);
    return false;
  }

  /** True while its full pool is the only reason why it gets no further lease. */
  get isHeldUpByPool(): boolean {
    return this.#limiting?.isFull === true && this.healthy && this.backend.load < this.maxConnections;
  }

  /**
   * Takes a place for a lease, which then begins at once. False when other workers have taken the last one since the balancer looked.
   *
   * @param isFresh whether the lease gets a connection of its own
   */
  reserve(use: SocketUse, isFresh: boolean): boolean {
    const { places } = this.backend;
    if (places === undefined) return true;
    if (!places.take(this.maxConnections)) return false;
    if (isFresh || this.pool(use).reserve()) return true;
    places.release();
    return false;
  }

  /** As {@link makeRoom} in another worker, where the room is made soon. False when none can be made. */
  askForRoom(): boolean {
    return this.healthy && this.backend.load >= this.maxConnections && this.backend.askForRoom();
  }

  /** Makes room below its limit by ending the pinned lease that has rested longest. False when that makes no room. */
  makeRoom(): boolean {
    return this.healthy && this.backend.load >= this.maxConnections && this.backend.endResting();
  }
}

/** What a lease must wait for, among the members that it has not `tried`; undefined when waiting would not help. */
export function reasonToWait(
  members: readonly Member[],
  tried: ReadonlySet<Member> | undefined,
): WaitReason | undefined {
  let reason: WaitReason | undefined;
  for (const member of members) {
    if (!member.healthy || member.weight === 0 || tried?.has(member) === true) continue;
    // A larger pool would have served it.
    if (member.isHeldUpByPool) return 'pool';
    reason = 'limit';
  }
  return reason;
}
