import type { Answer, ExchangeRecord, HttpFilter, Verdict } from '../../../src/plugin-api/index.ts';
import { checkAnswer } from './answer-fields.ts';
import { BodyTaps } from './bodies/body-taps.ts';
import type { EditableFields } from './editable-fields.ts';
import type { FilterChain } from './filter-chain.ts';
import type { FilteredExchange } from './filtered-exchange.ts';
import type { RequestView } from './request-view.ts';
import { ResponseView } from './response-view.ts';

/** Which part of a filter failed, for the log. */
type Hook = 'request' | 'response' | 'body' | 'done';

/** Gets what the client is to get, once all filters have seen it. */
export type Shown = (view: ResponseView) => void;

/** A hook whose promise is pending. */
interface Awaited {
  /** Which filter of the chain. */
  readonly at: number;
  readonly hook: 'request' | 'response';
}

/** One exchange on its way through the filters of its route. */
export class FilterRun {
  readonly request: RequestView;
  readonly #filters: readonly HttpFilter[];
  readonly #exchange: FilteredExchange;
  /** How many filters the request has reached. */
  #reached = 0;
  /** undefined while no promise is pending. */
  #awaited: Awaited | undefined = undefined;
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
      const at = this.#reached;
      const filter = this.#filters[at];
      if (filter === undefined) break;
      this.#reached += 1;
      request.filter = at;
      let verdict: Verdict | Promise<Verdict>;
      try {
        verdict = filter.request?.(request);
        if (verdict === undefined) continue;
        if (isPromise(verdict)) {
          request.retain();
          this.#await({ at, hook: 'request' }, verdict, (answer) => {
            if (answer === undefined) this.advance();
            else this.#exchange.filterAnswered(answer);
          });
          return;
        }
        checkAnswer(verdict);
      } catch (error) {
        this.#failed(at, 'request', error);
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
   * Shows a response to the filters that the request reached, the last one first. Calls `shown` with what the client gets: before this
   * returns, unless a filter waits. When a filter fails, `filterFailed` of the exchange is called instead.
   *
   * @param mayWait false when the response can't wait: a promise is then a failure
   */
  respond(response: ResponseView, shown: Shown, mayWait = true): void {
    // What comes while a filter still waits for its promise takes the place of the response that the filter looks at.
    if (this.#awaited !== undefined) {
      if (this.#awaited.hook === 'response') this.#hasFailed = true;
      this.cancel();
    }
    this.#respond(response, this.#hasFailed ? 0 : this.#reached, shown, mayWait);
  }

  #respond(response: ResponseView, from: number, shown: Shown, mayWait: boolean): void {
    let view = response;
    for (let at = from - 1; at >= 0; at--) {
      const filter = this.#filters[at];
      if (filter?.response === undefined) continue;
      view.filter = at;
      try {
        const verdict = filter.response(view, this.request);
        if (verdict === undefined) continue;
        if (isPromise(verdict)) {
          if (!mayWait) throw new Error('a response that switches protocols can not wait for a promise');
          this.#exchange.keepResponse(view);
          const waited = view;
          this.#await({ at, hook: 'response' }, verdict, (answer) => {
            const next = answer === undefined ? waited : ResponseView.ofAnswer(answer, 'filter');
            this.#respond(next, at, shown, mayWait);
          });
          return;
        }
        checkAnswer(verdict);
        view = ResponseView.ofAnswer(verdict, 'filter');
      } catch (error) {
        this.#failed(at, 'response', error);
        return;
      }
    }
    shown(view);
  }

  /** The promise of a filter took too long: this counts as a failure of the filter. */
  timedOut(): void {
    const awaited = this.#awaited;
    if (awaited === undefined) return;
    this.#awaited = undefined;
    this.request.leave();
    this.#failed(awaited.at, awaited.hook, new Error('the promise took too long'));
  }

  /** The taps that filters put on the body of a message; undefined when there are none. */
  taps({ taps }: EditableFields): BodyTaps | undefined {
    return taps === undefined
      ? undefined
      : new BodyTaps(taps, (filter, error) => {
          this.bodyFailed(filter, error);
        });
  }

  /** A tap or a transform of a body failed. */
  bodyFailed(filter: number, error: unknown): void {
    this.#failed(filter, 'body', error);
  }

  /** The exchange is over: calls `done` of the filters that the request reached, the last one first. */
  done(record: ExchangeRecord): void {
    this.#awaited = undefined;
    for (let at = this.#reached - 1; at >= 0; at--) {
      try {
        this.#filters[at]?.done?.(record, this.request);
      } catch (error) {
        this.#logFailure(at, 'done', error);
      }
    }
  }

  #await(awaited: Awaited, verdict: Promise<Verdict>, settled: (answer: Verdict) => void): void {
    this.#awaited = awaited;
    this.#exchange.filterWaits();
    const { at, hook } = awaited;
    verdict
      .then(
        (answer) => {
          if (!this.#isStillAwaited(awaited)) return;
          const fault = faultOf(answer);
          if (fault === undefined) settled(answer);
          else this.#failed(at, hook, fault.error);
        },
        (error: unknown) => {
          if (this.#isStillAwaited(awaited)) this.#failed(at, hook, error);
        },
      )
      .catch((error: unknown) => {
        this.#exchange.broke(error);
      });
  }

  /** False when the exchange ended before the promise was settled. */
  #isStillAwaited(awaited: Awaited): boolean {
    if (this.#awaited !== awaited) return false;
    this.#awaited = undefined;
    return true;
  }

  #failed(at: number, hook: Hook, error: unknown): void {
    this.#hasFailed = true;
    this.#logFailure(at, hook, error);
    this.#exchange.filterFailed(this.#filters[at]?.name ?? '');
  }

  #logFailure(at: number, hook: Hook, error: unknown): void {
    const { name = '', place = { filter: name } } = this.#filters[at] ?? {};
    this.#exchange.reportFailure(name, error, { ...this.#exchange.logFields(), ...place, hook });
  }
}

/** What is wrong with the answer that a promise brought; undefined when it can be sent. */
function faultOf(answer: Verdict): { readonly error: unknown } | undefined {
  if (answer === undefined) return undefined;
  try {
    checkAnswer(answer);
    return undefined;
  } catch (error) {
    return { error };
  }
}

function isPromise(verdict: Answer | Promise<Verdict>): verdict is Promise<Verdict> {
  return typeof (verdict as Partial<Promise<Verdict>>).then === 'function';
}
