import type { KeyRingState } from '../../net/tls/contexts/key-ring-state.ts';
import { ROTATE_EVERY_MS, type RotatingKeyRing } from '../../net/tls/contexts/rotating-key-ring.ts';

/** Keys change so long before the ring would change them by itself, which would surprise the other threads. */
const EARLY_MS = 60_000;
/** All threads know a key for so long before any of them makes tickets with it. */
const KNOWN_BEFORE_MS = 1_000;

/** Changes the keys of session tickets for all threads: first all learn the next key, then it makes new tickets. */
export class TicketKeySchedule {
  readonly #ring: RotatingKeyRing;
  readonly #tell: (keys: KeyRingState) => void;
  #timer: NodeJS.Timeout;

  /** @param tell called with the keys that all threads shall use from now on */
  constructor(ring: RotatingKeyRing, tell: (keys: KeyRingState) => void) {
    this.#ring = ring;
    this.#tell = tell;
    this.#timer = this.#next();
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #next(): NodeJS.Timeout {
    const waitMs = Math.max(ROTATE_EVERY_MS - EARLY_MS - (this.#ring.ageMs ?? 0), 0);
    return setTimeout(() => {
      this.#announce();
    }, waitMs).unref();
  }

  #announce(): void {
    this.#ring.announceNext();
    this.#tell(this.#ring.export());
    this.#timer = setTimeout(() => {
      this.#ring.useNext();
      this.#tell(this.#ring.export());
      this.#timer = this.#next();
    }, KNOWN_BEFORE_MS).unref();
  }
}
