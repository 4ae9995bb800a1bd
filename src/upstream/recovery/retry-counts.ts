import { OwnPlaces } from '../../shared/own-places.ts';
import type { PlaceLimit } from '../../shared/place-limit.ts';
import type { OpenSlot } from '../../shared/worker-slots.ts';

const REQUESTS = 0;
const TRIES = 1;

/** How many requests an upstream has, and how many tries beside their first ones. With workers both are those of all workers. */
export class RetryCounts {
  readonly requests: PlaceLimit;
  readonly tries: PlaceLimit;
  readonly #slot: OpenSlot | undefined;

  /** @param slot what is shared with other workers. Default: there are none */
  constructor(slot?: OpenSlot) {
    this.#slot = slot;
    this.requests = slot?.places(REQUESTS) ?? new OwnPlaces();
    this.tries = slot?.places(TRIES) ?? new OwnPlaces();
  }

  close(): void {
    this.#slot?.close();
  }
}
