import type { ErrorCode } from '../errors.ts';
import { DurationHistogram } from './duration-histogram.ts';

/** Methods with a label of their own. A client may invent others; they share one, so that it can't invent series. */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'CONNECT', 'TRACE'];
const OTHER_METHOD = 'OTHER';
const METHOD_LABELS: readonly string[] = [...METHODS, OTHER_METHOD];
const METHOD_INDEX: ReadonlyMap<string, number> = new Map(METHODS.map((method, index) => [method, index]));
const OTHER_INDEX = METHODS.length;

/** The requests of one backend, by method and status, with their durations and errors. */
export class RequestCounters {
  readonly #methods: (MethodCounters | undefined)[] = METHOD_LABELS.map(() => undefined);
  readonly #errors = new Map<ErrorCode, number>();

  count(method: string, status: number, durationMs: number, error: ErrorCode | undefined): void {
    const index = METHOD_INDEX.get(method) ?? OTHER_INDEX;
    let counters = this.#methods[index];
    if (counters === undefined) {
      counters = new MethodCounters(METHOD_LABELS[index] ?? OTHER_METHOD);
      this.#methods[index] = counters;
    }
    counters.count(status, durationMs);
    if (error !== undefined) this.countError(error);
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
}

/** The requests of one backend with one method. */
export class MethodCounters {
  readonly method: string;
  readonly durations = new DurationHistogram();
  /** Few of the thousand possible ones occur, so two short arrays beat a table; they hold pairs. */
  readonly #statuses: number[] = [];
  readonly #counts: number[] = [];

  constructor(method: string) {
    this.method = method;
  }

  count(status: number, durationMs: number): void {
    const at = this.#statuses.indexOf(status);
    if (at !== -1) {
      this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    } else if (status >= 0 && status < 1000) {
      this.#statuses.push(status);
      this.#counts.push(1);
    } else {
      this.count(0, durationMs);
      return;
    }
    this.durations.observe(durationMs >= 0 ? durationMs / 1000 : 0);
  }

  *statuses(): Iterable<readonly [status: number, count: number]> {
    for (const [index, status] of this.#statuses.entries()) yield [status, this.#counts[index] ?? 0];
  }
}
