const FIRST_WAIT_MS = 1_000;
const LAST_WAIT_MS = 30_000;
/** A worker that served for so long is taken for a healthy one, whatever ended the ones before it. */
const HEALTHY_MS = 60_000;

/** How long to wait before a worker is replaced: not at all the first time, then longer from one end to the next, up to 30 s. */
export class RestartBackoff {
  #nextMs = 0;

  /**
   * A worker ended. Returns how long its replacement waits, in ms.
   *
   * @param servedMs how long it had served
   */
  ended(servedMs: number): number {
    if (servedMs >= HEALTHY_MS) this.#nextMs = 0;
    const waitMs = this.#nextMs;
    this.#nextMs = Math.min(LAST_WAIT_MS, waitMs === 0 ? FIRST_WAIT_MS : 2 * waitMs);
    return waitMs;
  }
}
