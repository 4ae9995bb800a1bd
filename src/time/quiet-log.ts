/** Limits the rate of similar log lines: the first one is written, and the next one says how many were left out in between. */
export class QuietLog {
  readonly #quietMs: number;
  #quietUntilMs = 0;
  #untold = 0;

  /** @param quietMs no line is written for this time after the last one */
  constructor(quietMs: number) {
    this.#quietMs = quietMs;
  }

  /** @param write writes the line; it gets the number of lines that were left out since the last one, as a field, when there are any */
  note(write: (leftOut: { readonly more_before?: number }) => void): void {
    const nowMs = performance.now();
    if (nowMs < this.#quietUntilMs) {
      this.#untold += 1;
      return;
    }
    this.#quietUntilMs = nowMs + this.#quietMs;
    write(this.#untold > 0 ? { more_before: this.#untold } : {});
    this.#untold = 0;
  }
}
