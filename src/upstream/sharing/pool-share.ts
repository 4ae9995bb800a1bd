import type { PlaceLimit } from '../../shared/place-limit.ts';
import type { OpenSlot, WorkerSlots } from '../../shared/worker-slots.ts';

const LEASED = 0;
const OPEN = 1;
const NO_LIMIT = Number.POSITIVE_INFINITY;

/**
 * What a pool of limited size shares with the same one in other workers. How many sockets are leased, or waited for, is exact. Idle sockets
 * of other workers count too: who connects while there are too many asks a worker with idle ones to close one.
 */
export class PoolShare {
  /** Sockets that leases have, or wait for. */
  readonly places: PlaceLimit;
  /** Sockets that are open, or being connected. */
  readonly #open: PlaceLimit;
  readonly #slot: OpenSlot;
  readonly #slots: WorkerSlots;
  #stopWakes: (() => void) | undefined;

  constructor(slot: OpenSlot, slots: WorkerSlots) {
    this.places = slot.places(LEASED);
    this.#open = slot.places(OPEN);
    this.#slot = slot;
    this.#slots = slots;
  }

  /** Calls `closeIdle` when another worker needs the place of an idle socket. */
  onSurplus(closeIdle: () => void): void {
    this.#stopWakes = this.#slots.wakes.on(this.#slot.slot, closeIdle);
  }

  /** A socket is being connected. `limit`: how many there may be. */
  opens(limit: number): void {
    this.#open.take(NO_LIMIT);
    if (this.isAbove(limit)) this.#askForPlace();
  }

  /** That socket is closed, has left the pool, or could not be connected. */
  closed(): void {
    this.#open.release();
  }

  /** Whether more sockets than `limit` are open, so that none should be kept. */
  isAbove(limit: number): boolean {
    return this.#open.taken > limit;
  }

  close(): void {
    this.#stopWakes?.();
    this.#slot.close();
  }

  /** Wakes the worker with the most idle sockets. */
  #askForPlace(): void {
    const { worker, workers, wakes } = this.#slots;
    let richest = -1;
    let most = 0;
    for (let other = 0; other < workers; other++) {
      const idle = this.#slot.heldBy(other, OPEN) - this.#slot.heldBy(other, LEASED);
      if (other === worker || idle <= most) continue;
      richest = other;
      most = idle;
    }
    if (richest >= 0) wakes.wake(richest, this.#slot.slot);
  }
}
