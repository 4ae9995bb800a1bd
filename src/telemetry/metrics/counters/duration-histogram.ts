import type { TraceContext } from '../../../plugin-api/tracing.ts';

/** An observation that can be looked at more closely, as it was traced. */
export interface Exemplar {
  readonly traceId: string;
  readonly spanId: string;
  readonly valueS: number;
  /** ms since 1970. */
  readonly atMs: number;
}

/** A histogram in own fields: observing costs a few comparisons and allocates nothing. */
export class DurationHistogram {
  readonly bounds: readonly number[];
  readonly #counts: Float64Array;
  #sumS = 0;
  /** The latest of each bucket; made with the first one. */
  #exemplars: (Exemplar | undefined)[] | undefined;

  /** `bounds` are upper bounds in seconds, ascending; what is above the last one counts as +Inf. */
  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  get sumS(): number {
    return this.#sumS;
  }

  /** A sampled `trace` becomes the exemplar of the bucket. */
  observe(durationS: number, trace?: TraceContext): void {
    const bounds = this.bounds;
    let bucket = 0;
    while (bucket < bounds.length && durationS > (bounds[bucket] ?? 0)) bucket++;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sumS += durationS;
    if (trace?.sampled === true) this.#keep(bucket, durationS, trace);
  }

  /**
   * The same observations in other buckets, as far as they are known: each counts in the first bucket that holds all of the
   * one that it came from. So no count falls: those of bounds that stay are the same, and so are the sum and the number
   * of all.
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
