/** A window slides in this many steps. */
const SLICES = 10;

/** Counts the verdicts of the last so many ms, in ten slices: a slice that is too old goes as a whole. */
export class VerdictWindow {
  readonly #sliceMs: number;
  readonly #totals = new Float64Array(SLICES);
  readonly #failures = new Float64Array(SLICES);
  /** Number of the present slice. */
  #slice = 0;
  total = 0;
  failures = 0;

  constructor(windowMs: number) {
    this.#sliceMs = Math.max(1, windowMs / SLICES);
  }

  /** The part of the verdicts that are failures, from 0 to 1. */
  get failureRate(): number {
    return this.total === 0 ? 0 : this.failures / this.total;
  }

  add(isFailure: boolean, nowMs: number): void {
    this.#slideTo(Math.floor(nowMs / this.#sliceMs));
    const at = this.#slice % SLICES;
    this.#totals[at] = (this.#totals[at] ?? 0) + 1;
    this.total += 1;
    if (!isFailure) return;
    this.#failures[at] = (this.#failures[at] ?? 0) + 1;
    this.failures += 1;
  }

  clear(): void {
    this.#totals.fill(0);
    this.#failures.fill(0);
    this.total = 0;
    this.failures = 0;
  }

  #slideTo(slice: number): void {
    // A shared clock begins at 0 again after 12 days.
    if (slice < this.#slice || slice >= this.#slice + SLICES) this.clear();
    else
      for (let passed = this.#slice + 1; passed <= slice; passed++) {
        const at = passed % SLICES;
        this.total -= this.#totals[at] ?? 0;
        this.failures -= this.#failures[at] ?? 0;
        this.#totals[at] = 0;
        this.#failures[at] = 0;
      }
    this.#slice = slice;
  }
}
