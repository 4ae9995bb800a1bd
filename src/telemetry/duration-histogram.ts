/** Upper bounds of the buckets in seconds, from a fast proxy's millisecond to a slow backend's ten seconds. */
export const DURATION_BUCKETS_S: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

/** A histogram in own fields: observing costs a few comparisons and allocates nothing. */
export class DurationHistogram {
  readonly bounds: readonly number[];
  readonly #counts: Float64Array;
  #sumS = 0;

  /** `bounds` are upper bounds in seconds, ascending; what is above the last one counts as +Inf. */
  constructor(bounds: readonly number[] = DURATION_BUCKETS_S) {
    this.bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  get sumS(): number {
    return this.#sumS;
  }

  observe(durationS: number): void {
    const bounds = this.bounds;
    let bucket = 0;
    while (bucket < bounds.length && durationS > (bounds[bucket] ?? 0)) bucket++;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sumS += durationS;
  }

  /** As Prometheus wants it: how many observations were at most each bound, and at the end how many there were. */
  cumulativeCounts(): number[] {
    let total = 0;
    return Array.from(this.#counts, (count) => (total += count));
  }
}
