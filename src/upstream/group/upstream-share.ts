import type { OpenSlot, WorkerSlots } from '../../shared/worker-slots.ts';
import type { SharedTurns } from '../balancer/contract/shared-turns.ts';

/** What an upstream shares with the one of the same name in other workers, over edits. */
export class UpstreamShare {
  readonly turns: SharedTurns;
  readonly #slot: OpenSlot;

  constructor(slot: OpenSlot, { worker, workers }: WorkerSlots) {
    this.#slot = slot;
    const start = slot.seed;
    this.turns = { turn: slot.turn(), start, ownStart: (start + worker / workers) % 1 };
  }

  close(): void {
    this.#slot.close();
  }
}
