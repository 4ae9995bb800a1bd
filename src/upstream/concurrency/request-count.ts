import type { PlaceLimit } from '../../shared/place-limit.ts';
import type { OpenSlot } from '../../shared/worker-slots.ts';

/** The requests of one upstream that one of its backends works on. */
export class RequestCount {
  /** Those of this worker. */
  running = 0;
  readonly #places: PlaceLimit | undefined;
  readonly #slot: OpenSlot | undefined;

  /** @param slot counts those of all workers. Default: this worker alone counts */
  constructor(slot?: OpenSlot) {
    this.#slot = slot;
    this.#places = slot?.places();
  }

  /** Those of all workers that count together. */
  get total(): number {
    return this.#places?.taken ?? this.running;
  }

  /** Takes a place for one more. False when `limit` run already. */
  take(limit: number): boolean {
    if (this.#places === undefined ? this.running >= limit : !this.#places.take(limit)) return false;
    this.running += 1;
    return true;
  }

  release(): void {
    this.running -= 1;
    this.#places?.release();
  }

  close(): void {
    this.#slot?.close();
  }
}
