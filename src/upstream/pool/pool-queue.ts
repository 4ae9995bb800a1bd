import type { PendingDial } from '../../net/dial/dialer.ts';
import type { PendingTake, PoolWaiter } from './channel-pool.ts';

/** A lease in the queue of a pool. */
export class PoolPlace implements PendingTake {
  readonly waiter: PoolWaiter;
  /** How many dials of the pool had failed when the lease asked: those do not count for it. */
  readonly failuresBefore: number;
  /** Set when the lease gets a connection of its own, and waits for nothing else. */
  dial: PendingDial | undefined;
  readonly #queue: PoolQueue;

  constructor(waiter: PoolWaiter, failuresBefore: number, queue: PoolQueue) {
    this.waiter = waiter;
    this.failuresBefore = failuresBefore;
    this.#queue = queue;
  }

  destroy(): void {
    this.dial?.destroy();
    this.#queue.leave(this);
  }
}

/**
 * The leases that wait for a socket of a pool, first come first served. The pool asks generic-pool for a socket once for each of them. When a
 * lease leaves, what was asked for it becomes spare, and serves the next lease.
 */
export class PoolQueue {
  readonly #places = new Set<PoolPlace>();
  readonly #left: () => void;
  #spare = 0;

  /** @param left called after a lease has left */
  constructor(left: () => void) {
    this.#left = left;
  }

  get length(): number {
    return this.#places.size;
  }

  /** How many sockets generic-pool was asked for that no lease waits for. */
  get spare(): number {
    return this.#spare;
  }

  join(waiter: PoolWaiter, failuresBefore: number): PoolPlace {
    const place = new PoolPlace(waiter, failuresBefore, this);
    this.#places.add(place);
    return place;
  }

  first(): PoolPlace | undefined {
    for (const place of this.#places) return place;
    return undefined;
  }

  /** Takes the first lease out of the queue. */
  shift(): PoolPlace | undefined {
    const place = this.first();
    if (place !== undefined) this.#places.delete(place);
    return place;
  }

  /** Uses a socket that no lease waits for. False when there is none. */
  useSpare(): boolean {
    if (this.#spare === 0) return false;
    this.#spare -= 1;
    return true;
  }

  leave(place: PoolPlace): void {
    if (!this.#places.delete(place)) return;
    this.#spare += 1;
    this.#left();
  }
}
