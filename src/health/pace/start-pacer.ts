/** All monitors that wait have started after this time, in ms. */
const SPREAD_MS = 1_000;
const STEP_MS = 10;
/** Monitors that start in one step, at least. */
const MIN_BATCH = 8;

/** A monitor that waits to be started. */
export interface Startable {
  start(): void;
}

/**
 * Starts many health monitors a few at a time: an edit that brings a thousand backends must not open a thousand
 * sockets in one moment.
 */
export class StartPacer {
  readonly #waiting: Startable[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** Monitors that start in one step. */
  #batch = MIN_BATCH;

  /** Starts it in the next turn of the event loop, or within a second when many wait. */
  add(startable: Startable): void {
    this.#waiting.push(startable);
    this.#timer ??= setTimeout(() => {
      this.#startSome();
    }, 0).unref();
  }

  #startSome(): void {
    this.#batch = Math.max(this.#batch, Math.ceil((this.#waiting.length * STEP_MS) / SPREAD_MS));
    for (const startable of this.#waiting.splice(0, this.#batch)) startable.start();
    if (this.#waiting.length === 0) {
      this.#batch = MIN_BATCH;
      this.#timer = undefined;
      return;
    }
    this.#timer = setTimeout(() => {
      this.#startSome();
    }, STEP_MS).unref();
  }
}
