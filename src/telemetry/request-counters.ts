import type { ErrorCode } from '../errors.ts';
import type { TraceContext } from '../plugin-api/tracing.ts';
import { DurationHistogram } from './duration-histogram.ts';
import { labelText } from './exposition.ts';

/** Methods with a label of their own. A client may invent others; they share one, so that it can't invent series. */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'CONNECT', 'TRACE'];
const OTHER_METHOD = 'other';
const METHOD_INDEX: ReadonlyMap<string, number> = new Map(METHODS.map((method, index) => [method, index]));
const OTHER_INDEX = METHODS.length;

/** The requests of one backend, by method and status, with their durations and errors. */
export class RequestCounters {
  /** As {@link labelText} gives it. */
  readonly labels: string;
  readonly #backend: string;
  readonly #methods: (MethodCounters | undefined)[] = [...METHODS, OTHER_METHOD].map(() => undefined);
  readonly #errors = new Map<ErrorCode, number>();
  #bounds: readonly number[];

  /** `backend` is its name, `bounds` as of {@link DurationHistogram}. */
  constructor(backend: string, bounds: readonly number[]) {
    this.#backend = backend;
    this.labels = labelText({ backend });
    this.#bounds = bounds;
  }

  count(method: string, status: number, durationMs: number, trace: TraceContext | undefined): void {
    const index = METHOD_INDEX.get(method) ?? OTHER_INDEX;
    const counters = this.#methods[index] ?? this.#add(index);
    counters.count(status, durationMs, trace);
  }

  countError(error: ErrorCode): void {
    this.#errors.set(error, (this.#errors.get(error) ?? 0) + 1);
  }

  /** Those methods that were used. */
  *methods(): Iterable<MethodCounters> {
    for (const counters of this.#methods) if (counters !== undefined) yield counters;
  }

  errors(): Iterable<readonly [ErrorCode, number]> {
    return this.#errors;
  }

  /** The durations begin anew: counts of other buckets can't be converted. */
  setBounds(bounds: readonly number[]): void {
    this.#bounds = bounds;
    for (const counters of this.methods()) counters.durations = new DurationHistogram(bounds);
  }

  #add(index: number): MethodCounters {
    const labels = labelText({ backend: this.#backend, method: METHODS[index] ?? OTHER_METHOD });
    const counters = new MethodCounters(labels, this.#bounds);
    this.#methods[index] = counters;
    return counters;
  }
}

/** The requests of one backend with one method. */
export class MethodCounters {
  /** Of backend and method, as {@link labelText} gives it. */
  readonly labels: string;
  durations: DurationHistogram;
  /** By the status' first digit, then by the other two: nearly all of the thousand possible ones never occur. */
  readonly #classes: (Float64Array | undefined)[] = Array.from({ length: 10 }, () => undefined);
  readonly #seen: number[] = [];

  constructor(labels: string, bounds: readonly number[]) {
    this.labels = labels;
    this.durations = new DurationHistogram(bounds);
  }

  count(status: number, durationMs: number, trace: TraceContext | undefined): void {
    const shown = status >= 0 && status < 1000 ? status : 0;
    const digit = Math.trunc(shown / 100);
    const counts = (this.#classes[digit] ??= new Float64Array(100));
    const rest = shown - digit * 100;
    const count = counts[rest] ?? 0;
    if (count === 0) this.#seen.push(shown);
    counts[rest] = count + 1;
    this.durations.observe(durationMs >= 0 ? durationMs / 1000 : 0, trace);
  }

  /** Those that occurred, in the order in which they first did. */
  *statuses(): Iterable<readonly [status: number, count: number]> {
    for (const status of this.#seen) {
      const digit = Math.trunc(status / 100);
      yield [status, this.#classes[digit]?.[status - digit * 100] ?? 0];
    }
  }
}
