import { ERROR_CODES, type ErrorCode } from '../../../errors.ts';
import type { TraceContext } from '../../../plugin-api/tracing.ts';
import { DurationHistogram } from './duration-histogram.ts';
import { labelText } from '../exposition.ts';
import { STATUS_LABELS, statusIndex } from './status-labels.ts';

/** Methods with a label of their own. A client may invent others; they share one, so that it can't invent series. */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'CONNECT', 'TRACE'];
const OTHER_METHOD = 'other';
const METHOD_INDEX: ReadonlyMap<string, number> = new Map(METHODS.map((method, index) => [method, index]));
const OTHER_INDEX = METHODS.length;
/** A protocol of somebody else may report what it likes; all codes that are none of ours share one label. */
const ERROR_TYPES: ReadonlySet<string> = new Set(ERROR_CODES);
const OTHER_ERROR = 'other';

/**
 * What is shown at zero before it happens first. Rates see a first burst only where there was a sample before it; more than
 * these would be too many series for what seldom occurs.
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

/** Failures of requests that a backend has not met yet, by the labels of the series. */
export function* expectedFailures(backend: string, counters: RequestCounters | undefined): Iterable<string> {
  const seen = new Map(Array.from(counters?.methods() ?? [], (each) => [each.method, each]));
  for (const method of new Set([...EXPECTED_METHODS, ...seen.keys()])) {
    const labels = seen.get(method)?.labels ?? labelText({ backend, method });
    for (const status of EXPECTED_STATUSES)
      if (seen.get(method)?.has(status) !== true) yield `${labels},status="${status}"`;
  }
}

/** Errors that a backend has not met yet, by the labels of the series; of no backend all that there are. */
export function* expectedErrors(
  backend: string,
  counters: RequestCounters | undefined,
  errors: readonly ErrorCode[] = EXPECTED_ERRORS,
): Iterable<string> {
  const seen = new Set(Array.from(counters?.errors() ?? [], ([type]) => type));
  const labels = counters?.labels ?? labelText({ backend });
  for (const error_type of errors) if (!seen.has(error_type)) yield `${labels},error_type="${error_type}"`;
}

/** The requests of one backend, by method and status, with their durations and errors. */
export class RequestCounters {
  /** As {@link labelText} gives it. */
  readonly labels: string;
  readonly #backend: string;
  readonly #methods: (MethodCounters | undefined)[] = [...METHODS, OTHER_METHOD].map(() => undefined);
  readonly #errors = new Map<string, number>();
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

  countError(error: string): void {
    const type = ERROR_TYPES.has(error) ? error : OTHER_ERROR;
    this.#errors.set(type, (this.#errors.get(type) ?? 0) + 1);
  }

  /** Those methods that were used. */
  *methods(): Iterable<MethodCounters> {
    for (const counters of this.#methods) if (counters !== undefined) yield counters;
  }

  errors(): Iterable<readonly [type: string, count: number]> {
    return this.#errors;
  }

  /** What was counted in other buckets goes on as {@link DurationHistogram.withBounds} says. */
  setBounds(bounds: readonly number[]): void {
    this.#bounds = bounds;
    for (const counters of this.methods()) counters.durations = counters.durations.withBounds(bounds);
  }

  #add(index: number): MethodCounters {
    const method = METHODS[index] ?? OTHER_METHOD;
    const labels = labelText({ backend: this.#backend, method });
    const counters = new MethodCounters(method, labels, this.#bounds);
    this.#methods[index] = counters;
    return counters;
  }
}

/** The requests of one backend with one method. */
export class MethodCounters {
  /** The label's value. */
  readonly method: string;
  /** Of backend and method, as {@link labelText} gives it. */
  readonly labels: string;
  durations: DurationHistogram;
  /** By {@link statusIndex}. */
  readonly #counts = new Float64Array(STATUS_LABELS.length);

  constructor(method: string, labels: string, bounds: readonly number[]) {
    this.method = method;
    this.labels = labels;
    this.durations = new DurationHistogram(bounds);
  }

  count(status: number, durationMs: number, trace: TraceContext | undefined): void {
    const index = statusIndex(status);
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.durations.observe(durationMs >= 0 ? durationMs / 1000 : 0, trace);
  }

  /** Whether a status with that label occurred. */
  has(label: string): boolean {
    return (this.#counts[STATUS_LABELS.indexOf(label)] ?? 0) > 0;
  }

  /** Those that occurred, as the label shows them. */
  *statuses(): Iterable<readonly [status: string, count: number]> {
    for (const [index, count] of this.#counts.entries())
      if (count > 0) yield [STATUS_LABELS[index] ?? '', count];
  }
}
