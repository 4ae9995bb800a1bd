/** When so many writers wait, all of them send before the turn is over, so that the first one does not wait for long. */
const MOST_WAITING = 32;

/** The sending side of a transport, as far as the batch must know it. */
export interface BatchedWriter {
  /** Sends what it holds. Must not throw. */
  flush(): void;
}

/**
 * Lets the small writes of one turn of the event loop go out in a row, when the turn ends.
 *
 * A write wakes the process at the other end if that process sleeps, which takes the system longer than the write itself. While the proxy works
 * on one message after the other, each write would find the others asleep again. A row of writes finds them awake. This saves a
 * fifth of the time of a small HTTP exchange, and more with TLS.
 */
export class WriteBatch {
  #waiting: BatchedWriter[] = [];
  /** The list of the batch before, for the next one. */
  #spare: BatchedWriter[] = [];
  #isArmed = false;

  /** `writer.flush()` is called in this turn of the event loop or at its end. */
  add(writer: BatchedWriter): void {
    if (!this.#isArmed) {
      this.#isArmed = true;
      setImmediate(this.#turnEnds);
    }
    if (this.#waiting.push(writer) >= MOST_WAITING) this.#flush();
  }

  readonly #turnEnds = (): void => {
    this.#isArmed = false;
    this.#flush();
  };

  /** A writer may add itself or others meanwhile: they wait for the next batch. */
  #flush(): void {
    const batch = this.#waiting;
    this.#waiting = this.#spare;
    this.#spare = [];
    for (const writer of batch) writer.flush();
    batch.length = 0;
    this.#spare = batch;
  }
}
