import type { Wakes } from '../../../src/shared/wakes.ts';
import { SlotTable } from '../../../src/shared/slot-table.ts';
import { WorkerSlots } from '../../../src/shared/worker-slots.ts';

/** Wakes that a test delivers itself, between workers that are all in its thread. */
export class LabWakes {
  readonly #looks: { worker: number; topic: number; look: () => void }[] = [];
  /** Which worker was woken for which topic, in their order. */
  readonly sent: { worker: number; topic: number }[] = [];
  /** False: wakes get lost. */
  delivers = true;

  of(worker: number): Wakes {
    return {
      wake: (other, topic) => {
        this.sent.push({ worker: other, topic });
        if (!this.delivers) return;
        for (const entry of [...this.#looks])
          if (entry.worker === other && entry.topic === topic) entry.look();
      },
      on: (topic, look) => {
        const entry = { worker, topic, look };
        this.#looks.push(entry);
        return () => {
          this.#looks.splice(this.#looks.indexOf(entry), 1);
        };
      },
    };
  }
}

/** The slots of that many workers, which all are in the thread of the test. Generation 1 has these keys. */
export function sharedSlots(workers: number, keys: readonly string[]) {
  const table = new SlotTable(workers, () => 0);
  const wakes = new LabWakes();
  const grant = table.grant(1, keys);
  const slots = Array.from({ length: workers }, (_, worker) => {
    const own = new WorkerSlots({ worker, workers, wakes: wakes.of(worker) });
    own.follow(1, keys, { grant, pages: table.buffers, tables: new Map() });
    return own;
  });
  return { table, wakes, slots };
}
