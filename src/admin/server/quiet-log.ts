/** Says the first of many things that are alike, and how many were left out when it says the next one. */
export class QuietLog {
  readonly #quietMs: number;
  #quietUntilMs = 0;
  #untold = 0;

  /** @param quietMs for how long a line keeps the next ones back */
  constructor(quietMs: number) {
    this.#quietMs = quietMs;
  }

  /** @param write gets the number of those that were left out since the last line, as a field when there are any */
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
