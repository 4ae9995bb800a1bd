import { formatAddress, type Address } from '../../config/values/address.ts';
import type { ErrorCode } from '../../errors.ts';
import type { NameState } from '../../net/dns/name-record.ts';
import { Traffic } from '../../net/transport/traffic.ts';
import type { Backend, SocketUse } from '../../plugin-api/index.ts';
import type { EjectionCause } from '../../readings/upstreams/upstream.ts';
import type { PoolSettings } from '../../config/sockets/pool-settings.ts';
import type { PlaceLimit } from '../../shared/place-limit.ts';
import { OwnNumber } from '../standing/standing-words.ts';
import { ConnectTrouble, type ConnectObserver } from './connect-trouble.ts';
import type { BackendShare } from '../sharing/backend-share.ts';

/**
 * Why a balancer did not choose a backend for a request. `draining`, `maintenance`: an operator has set it so. `failed`: connecting to it
 * failed for this request.
 */
export type PassReason =
  | 'unhealthy'
  | 'ejected'
  | 'circuit_open'
  | 'draining'
  | 'maintenance'
  | 'max_connections'
  | 'max_requests'
  | 'pool_full'
  | 'failed';

/** How often requests passed a backend over, by reason. */
export type PassCounts = Record<PassReason, number>;

/** A pool of a backend's sockets, as readings show it. */
export interface BackendPool {
  readonly use: SocketUse;
  readonly settings: PoolSettings;
  readonly idleRange: IdleRange;
  /** Idle sockets. */
  readonly idle: number;
  /** Leased sockets. */
  readonly leased: number;
  /** Leases that wait for a socket. */
  readonly waiting: number;
}

/** How many idle sockets a pool keeps: with several workers this is the part of one of them. */
export interface IdleRange {
  /** So many are kept connected. */
  readonly leastIdle: number;
  /** So many may rest; infinite where nothing limits them. */
  readonly mostIdle: number;
}

/** An open socket to a backend. */
export interface BackendSocket {
  /** The addresses of the backend's host name have changed to these. */
  addressesChanged(addresses: readonly string[]): void;
}

/** A lease whose socket is pinned to one client and rests until that client's next request. */
export interface RestingLease {
  end(error: ErrorCode | undefined, status: number, idleMs: number): void;
}

/** A queue whose leases may wait for a place in full pools. */
export interface PoolQueue {
  /** How many of its leases wait because the pool of that backend is full. */
  heldUpBy(backend: Backend): number;
}

/**
 * The state of one server, for as long as any generation uses it. An edit that does not change the server keeps its counters, its pools
 * and its health.
 */
export class BackendState implements Backend {
  readonly index: number;
  readonly name: string;
  readonly address: string;
  readonly target: Address;
  /** The address as the config's author wrote it, for `/health`. */
  readonly shownAddress: string;
  /** Counts the leases where several workers share the backend; undefined where this process has one worker. */
  readonly places: PlaceLimit | undefined;
  readonly #share: BackendShare | undefined;
  /** Leases that run now in this worker. */
  active = 0;
  /** Leases among them whose socket is pinned to one client, whether the client uses it now or not. */
  pinned = 0;
  /** Pinned leases that rest, the one that has rested longest first. */
  readonly #resting = new Set<RestingLease>();
  /** Open sockets, leased and idle. */
  sockets = 0;
  /** Sockets connected since the start. */
  created = 0;
  /** Leases that got a socket which had served before. */
  reused = 0;
  /** Sockets that pools closed. */
  discarded = 0;
  /** Leases that were refused because its pool stayed full for as long as they may wait. */
  poolTimeouts = 0;
  /** Connects that failed or took too long. */
  connectFailures = 0;
  /** Whether connects to it fail now. */
  readonly connects: ConnectTrouble;
  readonly passedOver: PassCounts = {
    unhealthy: 0,
    ejected: 0,
    circuit_open: 0,
    draining: 0,
    maintenance: 0,
    max_connections: 0,
    max_requests: 0,
    pool_full: 0,
    failed: 0,
  };
  /** How often this worker ejected it from an upstream, by reason. */
  readonly ejections: Record<EjectionCause, number> = {
    consecutive_failures: 0,
    error_rate: 0,
    success_rate: 0,
    latency: 0,
  };
  /** How often this worker opened its circuit breaker in an upstream. */
  breakerOpens = 0;
  /** Leases for a request's second try, on a fresh socket. */
  resends = 0;
  /** Bytes that went through its sockets, from it and to it. */
  readonly traffic = new Traffic();
  readonly pools = new Set<BackendPool>();
  /** Its open sockets, leased and idle. */
  readonly connections = new Set<BackendSocket>();
  /** The queues of the upstreams that have it as a member. */
  readonly poolQueues = new Set<PoolQueue>();
  /** The DNS record of its host name; undefined when its address is an IP address or a unix socket. */
  hostName: NameState | undefined;
  /** Replaced, never changed: a listener may leave or join while the others are called. */
  #listeners: readonly (() => void)[] = [];

  /**
   * @param share what it shares with other workers. Default: there are none
   * @param connectObserver default: nobody is told of failing connects
   */
  constructor(
    index: number,
    name: string,
    target: Address,
    shownAddress: string,
    share?: BackendShare,
    connectObserver?: ConnectObserver,
  ) {
    this.index = index;
    this.name = name;
    this.target = target;
    this.address = formatAddress(target);
    this.shownAddress = shownAddress;
    this.places = share?.places;
    this.#share = share;
    this.connects = new ConnectTrouble(share?.connects ?? new OwnNumber(), connectObserver);
    share?.onRoomAsked(() => {
      this.endResting();
    });
  }

  /** No generation uses it any more. */
  close(): void {
    this.connects.close();
    this.#share?.close();
  }

  /** Leases that run now, in all workers. */
  get load(): number {
    return this.places === undefined ? this.active : this.places.taken;
  }

  /** Its host name has these addresses now. Sockets to other addresses get no new exchange, and pools close them. */
  addressesChanged(addresses: readonly string[]): void {
    for (const socket of this.connections) socket.addressesChanged(addresses);
  }

  /** Sockets that rest in pools. */
  get idle(): number {
    let idle = 0;
    for (const pool of this.pools) idle += pool.idle;
    return idle;
  }

  /** Sockets that pools have leased. */
  get leased(): number {
    let leased = 0;
    for (const pool of this.pools) leased += pool.leased;
    return leased;
  }

  /** The most sockets that pools may hold. 0: no limit, or no pool. */
  get poolSize(): number {
    let size = 0;
    for (const { settings } of this.pools) {
      if (settings.maxSize === 0) return 0;
      size += settings.maxSize;
    }
    return size;
  }

  /** Leases that wait for a place in a full pool, or for a connection that is being made. */
  get poolWaiting(): number {
    let waiting = 0;
    for (const queue of this.poolQueues) waiting += queue.heldUpBy(this);
    for (const pool of this.pools) waiting += pool.waiting;
    return waiting;
  }

  /** That pinned lease rests until its client's next request. */
  beginRest(lease: RestingLease): void {
    this.#resting.add(lease);
    this.#share?.noteResting(this.#resting.size);
  }

  endRest(lease: RestingLease): void {
    this.#resting.delete(lease);
    this.#share?.noteResting(this.#resting.size);
  }

  /** Whether a pinned lease of this worker rests. */
  get hasResting(): boolean {
    return this.#resting.size > 0;
  }

  /** Ends the lease that has rested longest for its client. False when none rests. */
  endResting(): boolean {
    for (const lease of this.#resting) {
      lease.end(undefined, 0, 0);
      return true;
    }
    return false;
  }

  /** Asks another worker to end a lease that rests there. False when none does. */
  askForRoom(): boolean {
    return this.#share?.askForRoom() ?? false;
  }

  /** Calls `notice` whenever a lease of this backend ended or rests, or its health changed. The returned function stops that. */
  onFree(notice: () => void): () => void {
    this.#listeners = [...this.#listeners, notice];
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== notice);
    };
  }

  leaseEnded(): void {
    this.active -= 1;
    this.places?.release();
    this.noteChange();
  }

  /** The backend may be available now: upstreams check whether it can serve a waiting lease. */
  noteChange(): void {
    for (const notice of this.#listeners) notice();
  }
}
