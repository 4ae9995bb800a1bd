import type { OpenSlot, WorkerSlots } from '../../shared/worker-slots.ts';
import type { SharedTurns } from '../balancer/contract/shared-turns.ts';
import { QueueShare } from './queue-share.ts';

/** What an upstream shares with the one of the same name in other workers, over edits. */
export class UpstreamShare {
  readonly queue: QueueShare;
  readonly turns: SharedTurns;
  readonly #slot: OpenSlot;

  constructor(slot: OpenSlot, slots: WorkerSlots) {
    const { worker, workers } = slots;
    this.#slot = slot;
    this.queue = new QueueShare(slot, slots);
    const start = slot.seed;
    this.turns = { turn: slot.turn(), start, ownStart: (start + worker / workers) % 1 };
  }

  close(): void {
    this.queue.close();
    this.#slot.close();
  }
}
