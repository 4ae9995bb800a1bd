import { messageOf } from '../../../src/errors.ts';
import type { Answer, ExchangeRecord, HttpFilter, Verdict } from '../../../src/plugin-api/index.ts';
import { checkAnswer } from './answer-fields.ts';
import { BodyTaps } from './body-taps.ts';
import type { EditableFields } from './editable-fields.ts';
import type { FilterChain } from './filter-chain.ts';
import type { FilteredExchange } from './filtered-exchange.ts';
import type { RequestView } from './request-view.ts';
import { ResponseView } from './response-view.ts';

/** Which part of a filter failed, for the log. */
type Hook = 'request' | 'response' | 'tap' | 'done';

/** One exchange on its way through the filters of its route. */
export class FilterRun {
  readonly request: RequestView;
  readonly #filters: readonly HttpFilter[];
  readonly #exchange: FilteredExchange;
  /** How many filters the request has reached. */
  #reached = 0;
  /** The filter whose promise is pending; undefined while none is. */
  #awaited: HttpFilter | undefined = undefined;
  /** A hook of this exchange failed: no further filter sees its response. */
  #hasFailed = false;

  constructor(chain: FilterChain, exchange: FilteredExchange, request: RequestView) {
    this.#filters = chain.filters;
    this.#exchange = exchange;
    this.request = request;
    if (chain.readsLater) request.retain();
  }

  /** True while a filter's promise is pending. */
  get isWaiting(): boolean {
    return this.#awaited !== undefined;
  }

  /** Asks the filters that have not been asked yet. Calls the exchange with the result: before this returns, unless a filter waits. */
  advance(): void {
    const { request } = this;
    for (;;) {
      const filter = this.#filters[this.#reached];
      if (filter === undefined) break;
      this.#reached += 1;
      request.filter = filter.name;
      let verdict: Verdict | Promise<Verdict>;
      try {
        verdict = filter.request?.(request);
        if (verdict === undefined) continue;
        if (isPromise(verdict)) {
          this.#await(filter, verdict);
          return;
        }
        checkAnswer(verdict);
      } catch (error) {
        this.#failed(filter.name, 'request', error);
        return;
      }
      this.#exchange.filterAnswered(verdict);
      return;
    }
    this.#exchange.filtersPassed();
    request.release();
  }

  /** The client left, or the time is over: a later answer of a filter is ignored. */
  cancel(): void {
    this.#awaited = undefined;
    this.request.leave();
  }

  /**
   * Shows a response to the filters that the request reached, the last one first. Returns what the client gets; undefined when a filter
   * failed, in which case `filterFailed` of the exchange was called.
   */
  respond(response: ResponseView): ResponseView | undefined {
    let shown = response;
    for (let at = this.#hasFailed ? 0 : this.#reached; at > 0; at--) {
      const filter = this.#filters[at - 1];
      if (filter?.response === undefined) continue;
      shown.filter = filter.name;
      try {
        const verdict = filter.response(shown, this.request);
        if (verdict === undefined) continue;
        checkAnswer(verdict);
        shown = ResponseView.ofAnswer(verdict, 'filter');
      } catch (error) {
        this.#failed(filter.name, 'response', error);
        return undefined;
      }
    }
    return shown;
  }

  /** The promise of a filter took too long: this counts as a failure of the filter. */
  timedOut(): void {
    const filter = this.#awaited;
    if (filter === undefined) return;
    this.#awaited = undefined;
    this.request.leave();
    this.#failed(filter.name, 'request', new Error('the promise took too long'));
  }

  /** The taps that filters put on the body of a message; undefined when there are none. */
  taps({ taps }: EditableFields): BodyTaps | undefined {
    return taps === undefined
      ? undefined
      : new BodyTaps(taps, (filter, error) => {
          this.#failed(filter, 'tap', error);
        });
  }

  /** The exchange is over: calls `done` of the filters that the request reached, the last one first. */
  done(record: ExchangeRecord): void {
    this.#awaited = undefined;
    for (let at = this.#reached; at > 0; at--) {
      const filter = this.#filters[at - 1];
      try {
        filter?.done?.(record, this.request);
      } catch (error) {
        this.#logFailure(filter?.name ?? '', 'done', error);
      }
    }
  }

  #await(filter: HttpFilter, verdict: Promise<Verdict>): void {
    this.#awaited = filter;
    this.request.retain();
    this.#exchange.filterWaits();
    verdict
      .then(
        (answer) => {
          if (this.#isStillAwaited(filter)) this.#settled(filter, answer);
        },
        (error: unknown) => {
          if (this.#isStillAwaited(filter)) this.#failed(filter.name, 'request', error);
        },
      )
      .catch((error: unknown) => {
        this.#exchange.broke(error);
      });
  }

  /** False when the exchange ended before the promise was settled. */
  #isStillAwaited(filter: HttpFilter): boolean {
    if (this.#awaited !== filter) return false;
    this.#awaited = undefined;
    return true;
  }

  #settled(filter: HttpFilter, answer: Verdict): void {
    if (answer === undefined) {
      this.advance();
      return;
    }
    try {
      checkAnswer(answer);
    } catch (error) {
      this.#failed(filter.name, 'request', error);
      return;
    }
    this.#exchange.filterAnswered(answer);
  }

  #failed(filter: string, hook: Hook, error: unknown): void {
    this.#hasFailed = true;
    this.#logFailure(filter, hook, error);
    this.#exchange.filterFailed(filter);
  }

  #logFailure(filter: string, hook: Hook, error: unknown): void {
    const { logger } = this.#exchange;
    logger.error('Filter failed', { ...this.#exchange.logFields(), filter, hook, error: messageOf(error) });
  }
}

function isPromise(verdict: Answer | Promise<Verdict>): verdict is Promise<Verdict> {
  return typeof (verdict as Partial<Promise<Verdict>>).then === 'function';
}
