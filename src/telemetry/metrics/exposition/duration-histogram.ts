import type { TraceContext } from '../../../plugin-api/tracing.ts';
import type { AddableCounters } from '../readings/addable-counters.ts';
import type { CounterReader } from '../readings/counter-reader.ts';
import type { CounterWriter } from '../readings/counter-writer.ts';

/** An observation whose request was traced, so that it can be looked up. */
export interface Exemplar {
  readonly traceId: string;
  readonly spanId: string;
  readonly valueS: number;
  /** ms since 1970. */
  readonly atMs: number;
}

/** A histogram of durations. To observe one costs a few comparisons and allocates nothing. */
export class DurationHistogram implements AddableCounters {
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

  /** A histogram of what was counted elsewhere: how many are in each bucket alone, and the sum of all. */
  static of(bounds: readonly number[], counts: readonly number[], sumS: number): DurationHistogram {
    const histogram = new DurationHistogram(bounds);
    histogram.#counts.set(counts);
    histogram.#sumS = sumS;
    return histogram;
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
    if (trace?.sampled === true) {
      const { traceId, spanId } = trace;
      this.#keep(bucket, { traceId, spanId, valueS: durationS, atMs: Date.now() });
    }
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
      const at = next.#bucketUpTo(this.bounds[bucket]);
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

  read(into: CounterWriter): void {
    into.bounds(this.bounds);
    into.number(this.#sumS);
    for (const count of this.#counts) into.number(count);
    const exemplars = this.#exemplars?.filter((exemplar) => exemplar !== undefined) ?? [];
    into.number(exemplars.length);
    for (const { valueS, atMs, traceId, spanId } of exemplars) {
      into.number(valueS);
      into.number(atMs);
      into.text(traceId);
      into.text(spanId);
    }
  }

  /** Adds the observations of a histogram whose buckets may be others, as {@link withBounds} says. Of exemplars, the latest stay. */
  add(from: CounterReader): void {
    const bounds = from.bounds();
    this.#sumS += from.number();
    for (let bucket = 0; bucket <= bounds.length; bucket++) {
      const at = bounds === this.bounds ? bucket : this.#bucketUpTo(bounds[bucket]);
      this.#counts[at] = (this.#counts[at] ?? 0) + from.number();
    }
    for (let left = from.number(); left > 0; left--) {
      const valueS = from.number();
      const bucket = this.#bucketUpTo(valueS);
      const exemplar = { valueS, atMs: from.number(), traceId: from.text(), spanId: from.text() };
      if (exemplar.atMs >= (this.exemplar(bucket)?.atMs ?? 0)) this.#keep(bucket, exemplar);
    }
  }

  /** The index of the first bucket that contains all durations up to this one; without one, of +Inf's. */
  #bucketUpTo(durationS = Number.POSITIVE_INFINITY): number {
    const bucket = this.bounds.findIndex((bound) => bound >= durationS);
    return bucket < 0 ? this.bounds.length : bucket;
  }

  #keep(bucket: number, exemplar: Exemplar): void {
    this.#exemplars ??= Array.from(this.#counts, () => undefined);
    this.#exemplars[bucket] = exemplar;
  }
}
