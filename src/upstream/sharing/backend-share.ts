import type { PlaceLimit } from '../../shared/place-limit.ts';
import type { SharedNumber } from '../balancer/contract/shared-turns.ts';
import type { OpenSlot, WorkerSlots } from '../../shared/worker-slots.ts';

/** What a backend shares with the same one in other workers: the count of its leases, and in which workers leases rest. */
export class BackendShare {
  /** Its leases that run. */
  readonly places: PlaceLimit;
  /** Whether connects to it fail. */
  readonly connects: SharedNumber;
  readonly #slot: OpenSlot;
  readonly #slots: WorkerSlots;
  #stopWakes: (() => void) | undefined;
  #isClosed = false;

  constructor(slot: OpenSlot, slots: WorkerSlots) {
    this.places = slot.places();
    this.connects = slot.turn();
    this.#slot = slot;
    this.#slots = slots;
  }

  /** Calls `makeRoom` when a lease of another worker needs the place of one that rests here. */
  onRoomAsked(makeRoom: () => void): void {
    this.#stopWakes = this.#slots.wakes.on(this.#slot.slot, makeRoom);
  }

  /** So many leases rest here. Leases may rest for longer than a generation uses the backend: then nobody is told. */
  noteResting(count: number): void {
    if (!this.#isClosed) this.#slot.note = count;
  }

  /** Asks a worker where a lease rests to end it. False when none rests in another worker. */
  askForRoom(): boolean {
    const { worker, workers, wakes } = this.#slots;
    for (let other = 0; other < workers; other++) {
      if (other === worker || this.#slot.noteOf(other) === 0) continue;
      wakes.wake(other, this.#slot.slot);
      return true;
    }
    return false;
  }

  close(): void {
    if (this.#isClosed) return;
    this.noteResting(0);
    this.#isClosed = true;
    this.#stopWakes?.();
    this.#slot.close();
  }
}
