import type { ErrorCode } from '../errors.ts';
import type { TraceContext } from '../plugin-api/tracing.ts';
import { DurationHistogram } from './duration-histogram.ts';

/** Methods with a label of their own. A client may invent others; they share one, so that it can't invent series. */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'CONNECT', 'TRACE'];
const OTHER_METHOD = 'other';
const METHOD_INDEX: ReadonlyMap<string, number> = new Map(METHODS.map((method, index) => [method, index]));
const OTHER_INDEX = METHODS.length;

/** The requests of one backend, by method and status, with their durations and errors. */
export class RequestCounters {
  readonly #methods: (MethodCounters | undefined)[] = [...METHODS, OTHER_METHOD].map(() => undefined);
  readonly #errors = new Map<ErrorCode, number>();
  #bounds: readonly number[];

  /** `bounds` as of {@link DurationHistogram}. */
  constructor(bounds: readonly number[]) {
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
    const counters = new MethodCounters(METHODS[index] ?? OTHER_METHOD, this.#bounds);
    this.#methods[index] = counters;
    return counters;
  }
}

/** The requests of one backend with one method. */
export class MethodCounters {
  readonly method: string;
  durations: DurationHistogram;
  /** By the status' first digit, then by the other two: nearly all of the thousand possible ones never occur. */
  readonly #classes: (Float64Array | undefined)[] = Array.from({ length: 10 }, () => undefined);

  constructor(method: string, bounds: readonly number[]) {
    this.method = method;
    this.durations = new DurationHistogram(bounds);
  }

  count(status: number, durationMs: number, trace: TraceContext | undefined): void {
    const shown = status >= 0 && status < 1000 ? status : 0;
    const digit = Math.trunc(shown / 100);
    const counts = (this.#classes[digit] ??= new Float64Array(100));
    const rest = shown - digit * 100;
    counts[rest] = (counts[rest] ?? 0) + 1;
    this.durations.observe(durationMs >= 0 ? durationMs / 1000 : 0, trace);
  }

  *statuses(): Iterable<readonly [status: number, count: number]> {
    for (const [digit, counts] of this.#classes.entries()) {
      if (counts === undefined) continue;
      for (let rest = 0; rest < 100; rest++) {
        const count = counts[rest] ?? 0;
        if (count > 0) yield [digit * 100 + rest, count];
      }
    }
  }
}
