import { msBetween, SharedClock } from '../../../shared/shared-clock.ts';
import { WorkerWords } from '../../../shared/worker-words.ts';
import type { LastBeat } from './worker-life.ts';

/** A beat as it was first seen. */
interface SeenBeat {
  /** Its time, by the `SharedClock`. */
  readonly atMs: number;
  /** The same by `performance.now()` of this thread. */
  readonly writtenMs: number;
}

/** The clocks that {@link WorkerBeats} reads, of this thread. */
export interface BeatClocks {
  /** As `performance.now()`. */
  readonly nowMs: () => number;
  readonly shared: Pick<SharedClock, 'at'>;
}

/** What the workers have written down about themselves last. */
export class WorkerBeats {
  readonly #words: WorkerWords;
  readonly #clocks: BeatClocks;
  readonly #seen: SeenBeat[] = [];

  /** @param workers how many workers there may be */
  constructor(
    workers: number,
    clocks: BeatClocks = { nowMs: () => performance.now(), shared: new SharedClock() },
  ) {
    this.#words = new WorkerWords(workers);
    this.#clocks = clocks;
  }

  /** The memory of `WorkerWords`. */
  get buffer(): SharedArrayBuffer {
    return this.#words.buffer;
  }

  last(worker: number): LastBeat {
    const { atMs, generation, connections, heapUsedKiB } = this.#words.read(worker);
    const nowMs = this.#clocks.nowMs();
    let seen = this.#seen[worker];
    if (seen?.atMs !== atMs) {
      const ageMs = Math.max(0, msBetween(atMs, this.#clocks.shared.at(nowMs)));
      this.#seen[worker] = seen = { atMs, writtenMs: nowMs - ageMs };
    }
    // The shared clock wraps around while a worker hangs for days; this one does not.
    const ageMs = Math.floor(nowMs - seen.writtenMs);
    return { ageMs, generation, connections, heapUsedBytes: heapUsedKiB * 1_024 };
  }

  /** A worker has ended. */
  ended(worker: number): void {
    const atMs = this.#clocks.shared.at(this.#clocks.nowMs());
    this.#words.beat(worker, { atMs, generation: 0, connections: 0, heapUsedKiB: 0 });
  }
}
