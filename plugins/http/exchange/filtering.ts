import type { ErrorCode } from '../../../src/errors.ts';
import type {
  Answer,
  ExchangeRecord,
  LogFields,
  Logger,
  ResponseOrigin,
  TlsSession,
} from '../../../src/plugin-api/index.ts';
import type { BodyTaps } from '../filters/body-taps.ts';
import type { FilterChain } from '../filters/filter-chain.ts';
import { FilterRun } from '../filters/filter-run.ts';
import type { FilteredExchange } from '../filters/filtered-exchange.ts';
import { HeadFields, RequestFields } from '../filters/head-fields.ts';
import { RequestView } from '../filters/request-view.ts';
import { ResponseView } from '../filters/response-view.ts';
import { FieldEdits } from '../forwarding/field-edits.ts';
import type { CompiledRoute } from '../instance/compiled-route.ts';
import { answerBytes } from '../message/answer.ts';
import type { RequestHead, ResponseHead } from '../message/message-head.ts';
import type { RequestBody } from './request-body.ts';

/** The exchange, as its filters see it: what they read of it, and which calls they make. */
export interface FilteringOwner {
  readonly requestId: string;
  readonly method: string;
  readonly host: string;
  readonly clientAddress: string;
  readonly listener: string;
  readonly routeName: string;
  readonly logger: Logger;
  readonly tls: TlsSession | undefined;
  readonly body: RequestBody | undefined;
  responseEdits: FieldEdits | undefined;
  /** The edits by which the proxy itself changes the response, with those of the route; undefined: only the route's. */
  readonly sessionEdits: FieldEdits | undefined;
  logFields(): LogFields;
  renewDeadline(): void;
  answer(answer: Answer, origin: ResponseOrigin): void;
  /** Ends the attempt that runs, and sends an answer that filters have seen in place of its response. */
  replaceResponse(answer: Answer, status: number): void;
  fail(status: number, code: ErrorCode, reason: string, detail?: string): void;
  broke(error: unknown): void;
}

/** What filters are asked about: the route of a request, with its filters, and whether the client's connection is encrypted. */
export interface FilteredRequest {
  readonly route: CompiledRoute;
  readonly filters: FilterChain;
  readonly isSecure: boolean;
}

/** Runs the filters of a route on one exchange: shows them its request, its response and its bodies, and carries out what they decide. */
export class Filtering implements FilteredExchange {
  /** The request, as filters see and change it. */
  readonly request: RequestView;
  /** Whether the client's connection is encrypted, as {@link FilteredExchange.isSecure} says. */
  readonly isSecure: boolean;
  readonly #owner: FilteringOwner;
  readonly #route: CompiledRoute;
  readonly #run: FilterRun;
  readonly #passed: (head: RequestHead) => void;
  #requestTaps: BodyTaps | undefined = undefined;
  #responseTaps: BodyTaps | undefined = undefined;

  /** @param passed called once all filters let the request pass, with its head, which may be a copy */
  constructor(
    owner: FilteringOwner,
    { route, filters, isSecure }: FilteredRequest,
    head: RequestHead,
    target: string,
    passed: (head: RequestHead) => void,
  ) {
    this.isSecure = isSecure;
    this.#owner = owner;
    this.#route = route;
    this.#passed = passed;
    this.request = new RequestView(this, new RequestFields(head), target, route.upstream);
    this.#run = new FilterRun(filters, this, this.request);
  }

  get requestId(): string {
    return this.#owner.requestId;
  }

  get method(): string {
    return this.#owner.method;
  }

  get host(): string {
    return this.#owner.host;
  }

  get clientAddress(): string {
    return this.#owner.clientAddress;
  }

  get listener(): string {
    return this.#owner.listener;
  }

  get routeName(): string {
    return this.#owner.routeName;
  }

  get tls(): TlsSession | undefined {
    return this.#owner.tls;
  }

  get logger(): Logger {
    return this.#owner.logger;
  }

  /** True while a filter's promise is pending. */
  get isWaiting(): boolean {
    return this.#run.isWaiting;
  }

  logFields(): LogFields {
    return this.#owner.logFields();
  }

  /** Asks the filters about the request. */
  begin(): void {
    this.#run.advance();
  }

  filterWaits(): void {
    this.#owner.body?.holdBack(true);
    this.#owner.renewDeadline();
  }

  filtersPassed(): void {
    const { body } = this.#owner;
    body?.holdBack(false);
    const taps = this.#run.taps(this.request);
    if (taps !== undefined && body !== undefined && !body.showTo(taps)) return;
    this.#requestTaps = taps;
    const { head } = this.request.fields;
    this.#passed(head);
  }

  filterAnswered(answer: Answer): void {
    this.#owner.answer(answer, 'filter');
  }

  filterFailed(name: string): void {
    this.#owner.fail(500, 'internal', 'the request could not be served', `the filter ${name} failed`);
  }

  broke(error: unknown): void {
    this.#owner.broke(error);
  }

  /** A filter's promise is pending for too long. */
  timedOut(): void {
    this.#run.timedOut();
  }

  /** Shows filters an answer that is about to be sent. Returns what to send; undefined when a filter failed and the client got its 500. */
  edited(answer: Answer, origin: ResponseOrigin): Answer | undefined {
    const view = this.#run.respond(ResponseView.ofAnswer(answer, origin));
    return view === undefined ? undefined : this.#shown(view, answer);
  }

  /** Shows filters the head of a backend's response. False when the response does not go on, because another answer was sent already. */
  respond(head: ResponseHead): boolean {
    const view = this.#run.respond(ResponseView.ofBackend(head.status, new HeadFields(head)));
    if (view === undefined) return false;
    if (view.answer !== undefined) {
      const answer = this.#shown(view, view.answer);
      if (answer !== undefined) this.#owner.replaceResponse(answer, head.status);
      return false;
    }
    if (view.edits !== undefined)
      this.#owner.responseEdits = FieldEdits.ofFilters(
        view.edits,
        this.#owner.sessionEdits ?? this.#route.responseEdits,
        false,
      );
    this.#responseTaps = this.#run.taps(view);
    return true;
  }

  /** Shows filters a piece of the request's body. False when it must not go on, because a filter failed. */
  requestData(bytes: Buffer, start: number, end: number): boolean {
    return this.#requestTaps?.data(bytes, start, end) ?? true;
  }

  requestEnd(): boolean {
    return this.#requestTaps?.end() ?? true;
  }

  /** Shows filters a piece of the response's body. False when it must not go on, because a filter failed. */
  responseData(bytes: Buffer, start: number, end: number): boolean {
    return this.#responseTaps?.data(bytes, start, end) ?? true;
  }

  responseEnd(): boolean {
    return this.#responseTaps?.end() ?? true;
  }

  /** The exchange is over: no filter is waited for, and each hears how it ended. */
  over(record: ExchangeRecord): void {
    if (this.#run.isWaiting) this.#run.cancel();
    this.#run.done(record);
  }

  /** Shows the body of an answer to the taps that filters put on the response. Returns what to send; undefined when a tap failed. */
  #shown(view: ResponseView, answer: Answer): Answer | undefined {
    const taps = this.#run.taps(view);
    const body = taps === undefined ? undefined : answerBytes(view.answer ?? answer);
    if (body !== undefined && !(taps?.data(body, 0, body.length) === true && taps.end())) return undefined;
    return view.editedAnswer ?? answer;
  }
}
