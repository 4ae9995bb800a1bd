import { formatAddress, type Address } from '../config/values/address.ts';
import type { NameRecord } from '../net/dns/name-record.ts';
import { Traffic } from '../net/transport/traffic.ts';
import type { Backend } from '../plugin-api/index.ts';
import type { SocketKeeper } from './pool/kept-socket.ts';
import type { PassCounts } from './group/passed-over.ts';
import type { PooledSocket } from './pool/pooled-socket.ts';
import type { SocketPool } from './pool/socket-pool.ts';

/** Where leases wait that a backend's full pool holds up. */
export interface PoolQueue {
  heldUpBy(backend: BackendState): number;
}

/**
 * What is known of one server for as long as any generation uses it: an edit that does not touch
 * the server keeps its counters, pools and health.
 */
export class BackendState implements Backend {
  readonly index: number;
  readonly name: string;
  readonly address: string;
  readonly target: Address;
  /** The address as the config's author wrote it, for `/health`. */
  readonly shownAddress: string;
  /** Leases that run now. */
  active = 0;
  /** Leases among them whose socket is kept for one client, whether it uses it now or not. */
  kept = 0;
  /** Those of them that nobody uses now, the one that has rested longest first. */
  readonly resting = new Set<SocketKeeper>();
  /** Open sockets, leased and idle. */
  sockets = 0;
  /** Sockets connected since the start. */
  created = 0;
  /** Leases that got a socket which had served before. */
  reused = 0;
  /** Sockets of pools that were thrown away. */
  discarded = 0;
  /** Leases that waited in vain, for as long as they may, while its pool was full. */
  poolTimeouts = 0;
  /** Connects that failed or took too long. */
  connectFailures = 0;
  /** Times that a request was not given to it though the balancer looked at it. */
  readonly passedOver: PassCounts = { unhealthy: 0, max_connections: 0, pool_full: 0, failed: 0 };
  /** Leases for a request's second try, on a fresh socket. */
  resends = 0;
  /** What flowed through its sockets, from it and to it. */
  readonly traffic = new Traffic();
  readonly pools = new Set<SocketPool>();
  /** Its open sockets, leased and idle. */
  readonly connections = new Set<PooledSocket>();
  /** Of the upstreams that have it. */
  readonly poolQueues = new Set<PoolQueue>();
  /** What is known of its host's name; undefined where its address is an IP address or a unix socket. */
  hostName: NameRecord | undefined;
  /** Replaced, never changed: one who is told may leave or join meanwhile. */
  #listeners: readonly (() => void)[] = [];

  constructor(index: number, name: string, target: Address, shownAddress: string) {
    this.index = index;
    this.name = name;
    this.target = target;
    this.address = formatAddress(target);
    this.shownAddress = shownAddress;
  }

  /** Its name has these addresses now: sockets to others serve nothing new, and pools close them. */
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

  /** Those who wait for a place in a full pool, or for a connection that is being made. */
  get poolWaiting(): number {
    let waiting = 0;
    for (const queue of this.poolQueues) waiting += queue.heldUpBy(this);
    for (const pool of this.pools) waiting += pool.waiting;
    return waiting;
  }

  /** Ends the lease that has rested longest for its client. False when none rests. */
  endResting(): boolean {
    for (const lease of this.resting) {
      lease.discard();
      return true;
    }
    return false;
  }

  /** Asks to be called when a lease of this backend ended or rests, or its health changed; returns how to stop that. */
  onFree(notice: () => void): () => void {
    this.#listeners = [...this.#listeners, notice];
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== notice);
    };
  }

  leaseEnded(): void {
    this.active -= 1;
    this.noteChange();
  }

  /** It may be available now: whoever waits should look. */
  noteChange(): void {
    for (const notice of this.#listeners) notice();
  }
}
