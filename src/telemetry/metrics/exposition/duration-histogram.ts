import type { TraceContext } from '../../../plugin-api/tracing.ts';

/** An observation whose request was traced, so that it can be looked up. */
export interface Exemplar {
  readonly traceId: string;
  readonly spanId: string;
  readonly valueS: number;
  /** ms since 1970. */
  readonly atMs: number;
}

/** A histogram of durations. To observe one costs a few comparisons and allocates nothing. */
export class DurationHistogram {
  readonly bounds: readonly number[];
  readonly #counts: Float64Array;
  #sumS = 0;
  /** The latest exemplar of each bucket; the array is made with the first one. */
  #exemplars: (Exemplar | undefined)[] | undefined;

  /** @param bounds upper bounds of the buckets in seconds, ascending; longer durations fall into the bucket +Inf */
  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  get sumS(): number {
    return this.#sumS;
  }

  /** Counts a duration. When its `trace` is sampled, it becomes the exemplar of the bucket. */
  observe(durationS: number, trace?: TraceContext): void {
    const bounds = this.bounds;
    let bucket = 0;
    while (bucket < bounds.length && durationS > (bounds[bucket] ?? 0)) bucket++;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sumS += durationS;
    if (trace?.sampled === true) this.#keep(bucket, durationS, trace);
  }

  /**
   * Returns a histogram with other buckets and the same observations. An observation is known only by its bucket, so it goes to the
   * first new bucket that contains the whole old one. Therefore no count ever falls: the counts of bounds that stay do not change, nor do
   * the sum and the total.
   */
  withBounds(bounds: readonly number[]): DurationHistogram {
    const next = new DurationHistogram(bounds);
    next.#sumS = this.#sumS;
    for (const [bucket, count] of this.#counts.entries()) {
      const end = this.bounds[bucket];
      const first = end === undefined ? -1 : bounds.findIndex((bound) => bound >= end);
      const at = first < 0 ? bounds.length : first;
      next.#counts[at] = (next.#counts[at] ?? 0) + count;
    }
    return next;
  }

  /** How many observations are in the bucket of that index alone; the last bucket is +Inf's. */
  count(bucket: number): number {
    return this.#counts[bucket] ?? 0;
  }

  /** Of the bucket of that index. */
  exemplar(bucket: number): Exemplar | undefined {
    return this.#exemplars?.[bucket];
  }

  #keep(bucket: number, valueS: number, { traceId, spanId }: TraceContext): void {
    this.#exemplars ??= Array.from(this.#counts, () => undefined);
    this.#exemplars[bucket] = { traceId, spanId, valueS, atMs: Date.now() };
  }
}
