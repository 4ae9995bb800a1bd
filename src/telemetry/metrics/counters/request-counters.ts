import { ERROR_CODES, type ErrorCode } from '../../../errors.ts';
import type { TraceContext } from '../../../plugin-api/tracing.ts';
import { DurationHistogram } from '../exposition/duration-histogram.ts';
import { labelText } from '../exposition/exposition.ts';
import type { AddableCounters } from '../readings/addable-counters.ts';
import type { CounterReader } from '../readings/counter-reader.ts';
import type { CounterWriter } from '../readings/counter-writer.ts';
import { STATUS_LABELS, statusIndex } from './status-labels.ts';

/** Methods with a label of their own. All others share the label `other`, so that a client can't create series with invented methods. */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'CONNECT', 'TRACE'];
const OTHER_METHOD = 'other';
const METHOD_INDEX: ReadonlyMap<string, number> = new Map(METHODS.map((method, index) => [method, index]));
const OTHER_INDEX = METHODS.length;
/** Error codes with a label of their own. A protocol plugin may report other codes; they share the label `other`. */
const ERROR_TYPES: ReadonlySet<string> = new Set(ERROR_CODES);
const OTHER_ERROR = 'other';
/** Stands in readings behind the last index of a list. */
const END = -1;

/**
 * Series that are shown with the value 0 before their first event. A rate sees a first burst of errors only when there was a sample before
 * it. More series than these would be too many for rare events.
 */
const EXPECTED_METHODS: readonly string[] = ['GET', 'POST'];
const EXPECTED_STATUSES: readonly string[] = ['500', '502', '503', '504'];
const EXPECTED_ERRORS: readonly ErrorCode[] = [
  'connect_failed',
  'connect_timeout',
  'backend_reset',
  'backend_protocol',
  'backend_timeout',
  'pool_timeout',
];

/** The labels of the series of failed requests that a backend has not had yet, to be shown with the value 0. */
export function* expectedFailures(backend: string, counters: RequestCounters | undefined): Iterable<string> {
  const seen = new Map(Array.from(counters?.methods() ?? [], (each) => [each.method, each]));
  for (const method of new Set([...EXPECTED_METHODS, ...seen.keys()])) {
    const labels = seen.get(method)?.labels ?? labelText({ backend, method });
    for (const status of EXPECTED_STATUSES)
      if (seen.get(method)?.has(status) !== true) yield `${labels},status="${status}"`;
  }
}

/** The labels of the series of errors that a backend has not had yet, to be shown with the value 0. */
export function* expectedErrors(
  backend: string,
  counters: RequestCounters | undefined,
  errors: readonly ErrorCode[] = EXPECTED_ERRORS,
): Iterable<string> {
  const seen = new Set(Array.from(counters?.errors() ?? [], ([type]) => type));
  const labels = counters?.labels ?? labelText({ backend });
  for (const error_type of errors) if (!seen.has(error_type)) yield `${labels},error_type="${error_type}"`;
}

/** Counts the requests of one backend by method and status, their durations and their errors. */
export class RequestCounters implements AddableCounters {
  readonly #backend: string;
  #labels: string | undefined;
  readonly #methods: (MethodCounters | undefined)[] = [...METHODS, OTHER_METHOD].map(() => undefined);
  readonly #errors = new Map<string, number>();
  #bounds: readonly number[];

  /**
   * @param backend name of the backend
   * @param bounds upper bounds of the buckets, as in {@link DurationHistogram}
   */
  constructor(backend: string, bounds: readonly number[]) {
    this.#backend = backend;
    this.#bounds = bounds;
  }

  /** The label `backend` as {@link labelText} writes it. */
  get labels(): string {
    return (this.#labels ??= labelText({ backend: this.#backend }));
  }

  count(method: string, status: number, durationMs: number, trace: TraceContext | undefined): void {
    const index = METHOD_INDEX.get(method) ?? OTHER_INDEX;
    const counters = this.#methods[index] ?? this.#add(index);
    counters.count(status, durationMs, trace);
  }

  countError(error: string): void {
    const type = ERROR_TYPES.has(error) ? error : OTHER_ERROR;
    this.#errors.set(type, (this.#errors.get(type) ?? 0) + 1);
  }

  /** The counters of the methods that were used. */
  *methods(): Iterable<MethodCounters> {
    for (const counters of this.#methods) if (counters !== undefined) yield counters;
  }

  errors(): Iterable<readonly [type: string, count: number]> {
    return this.#errors;
  }

  /** Changes the buckets and keeps what was counted, as {@link DurationHistogram.withBounds} does. */
  setBounds(bounds: readonly number[]): void {
    this.#bounds = bounds;
    for (const counters of this.methods()) counters.durations = counters.durations.withBounds(bounds);
  }

  /** Writes its labels too: to make them takes longer than to read and add the counts, so they are made once and not at each scrape. */
  read(into: CounterWriter): void {
    into.text(this.labels);
    into.counts(this.#errors);
    for (const [index, counters] of this.#methods.entries()) {
      if (counters === undefined) continue;
      into.number(index);
      counters.read(into);
    }
    into.number(END);
  }

  add(from: CounterReader): void {
    this.#labels = from.text();
    from.addCounts(this.#errors);
    for (let index = from.number(); index !== END; index = from.number())
      (this.#methods[index] ?? this.#add(index)).add(from);
  }

  #add(index: number): MethodCounters {
    const method = METHODS[index] ?? OTHER_METHOD;
    const counters = new MethodCounters(this.#backend, method, this.#bounds);
    this.#methods[index] = counters;
    return counters;
  }
}

/** Counts the requests of one backend with one method. */
class MethodCounters implements AddableCounters {
  /** The value of the label `method`. */
  readonly method: string;
  durations: DurationHistogram;
  readonly #backend: string;
  #labels: string | undefined;
  /** Number of requests by the {@link statusIndex} of their status. */
  readonly #counts = new Float64Array(STATUS_LABELS.length);

  constructor(backend: string, method: string, bounds: readonly number[]) {
    this.#backend = backend;
    this.method = method;
    this.durations = new DurationHistogram(bounds);
  }

  /** The labels `backend` and `method` as {@link labelText} writes them. */
  get labels(): string {
    return (this.#labels ??= labelText({ backend: this.#backend, method: this.method }));
  }

  count(status: number, durationMs: number, trace: TraceContext | undefined): void {
    const index = statusIndex(status);
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.durations.observe(durationMs >= 0 ? durationMs / 1000 : 0, trace);
  }

  /** Writes only the statuses that occurred, which are few of many. */
  read(into: CounterWriter): void {
    into.text(this.labels);
    const counts = this.#counts;
    for (let index = 0; index < counts.length; index++) {
      const count = counts[index] ?? 0;
      if (count === 0) continue;
      into.number(index);
      into.number(count);
    }
    into.number(END);
    this.durations.read(into);
  }

  add(from: CounterReader): void {
    this.#labels = from.text();
    for (let index = from.number(); index !== END; index = from.number())
      this.#counts[index] = (this.#counts[index] ?? 0) + from.number();
    this.durations.add(from);
  }

  /** Whether there was a request whose status has that label. */
  has(label: string): boolean {
    return (this.#counts[STATUS_LABELS.indexOf(label)] ?? 0) > 0;
  }

  /** The statuses that occurred, as the label `status` shows them. */
  *statuses(): Iterable<readonly [status: string, count: number]> {
    for (const [index, count] of this.#counts.entries())
      if (count > 0) yield [STATUS_LABELS[index] ?? '', count];
  }
}
