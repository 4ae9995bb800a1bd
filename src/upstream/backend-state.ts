import { formatAddress, type Address } from '../config/address.ts';
import type { Backend } from '../plugin-api/index.ts';
import type { SocketPool } from './socket-pool.ts';

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
  /** Open sockets, leased and idle. */
  sockets = 0;
  /** Sockets connected since the start. */
  created = 0;
  /** Leases that got a socket which had served before. */
  reused = 0;
  readonly pools = new Set<SocketPool>();
  /** Replaced, never changed: one who is told may leave or join meanwhile. */
  #listeners: readonly (() => void)[] = [];

  constructor(index: number, name: string, target: Address, shownAddress: string) {
    this.index = index;
    this.name = name;
    this.target = target;
    this.address = formatAddress(target);
    this.shownAddress = shownAddress;
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

  /** Asks to be called when a lease of this backend ended or its health changed; returns how to stop that. */
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
