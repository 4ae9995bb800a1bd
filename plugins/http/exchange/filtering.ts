import type { ErrorCode } from '../../../src/errors.ts';
import type {
  Answer,
  ExchangeRecord,
  LogFields,
  ResponseOrigin,
  TlsSession,
} from '../../../src/plugin-api/index.ts';
import { BodyPipe, type BodySink, type OwnedTransform } from '../filters/bodies/body-pipe.ts';
import { transformWhole } from '../filters/bodies/whole-body.ts';
import type { BodyTaps } from '../filters/bodies/body-taps.ts';
import type { FilterChain } from '../filters/filter-chain.ts';
import { FilterRun } from '../filters/filter-run.ts';
import type { FilteredExchange } from '../filters/filtered-exchange.ts';
import { announcedLength, HeadFields, RequestFields } from '../filters/head-fields.ts';
import { RequestView } from '../filters/request-view.ts';
import { type PassedResponse, SeenResponse } from '../filters/passed-response.ts';
import { ResponseView } from '../filters/response-view.ts';
import { FieldEdits, type FieldEdit } from '../forwarding/field-edits.ts';
import type { CompiledRoute } from '../instance/compiled-route.ts';
import type { HttpInstance } from '../instance/http-instance.ts';
import { answerBytes, hasNoBody } from '../message/answer.ts';
import type { RequestHead, ResponseHead } from '../message/message-head.ts';
import type { ServerStream } from '../message/server-stream.ts';
import { BodyReads } from './body-read.ts';
import type { RequestBody } from './request-body.ts';

/** The exchange, as its filters see it: what they read of it, and which calls they make. */
export interface FilteringOwner {
  readonly requestId: string;
  readonly method: string;
  readonly host: string;
  readonly clientAddress: string;
  readonly listener: string;
  readonly routeName: string;
  readonly tls: TlsSession | undefined;
  readonly body: RequestBody | undefined;
  readonly instance: HttpInstance;
  readonly stream: ServerStream;
  bytesSent: number;
  responseEdits: FieldEdits | undefined;
  /** The edits by which the proxy itself changes the response, with those of the route; undefined: only the route's. */
  readonly sessionEdits: FieldEdits | undefined;
  logFields(): LogFields;
  renewDeadline(): void;
  answer(answer: Answer, origin: ResponseOrigin): void;
  /** Ends the attempt that runs, if any, and sends an answer that filters have seen. `status`: that of the backend's response, if it came. */
  send(answer: Answer, status: number): void;
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
  readonly bodyReads: BodyReads;
  readonly #owner: FilteringOwner;
  readonly #route: CompiledRoute;
  readonly #run: FilterRun;
  readonly #passed: (head: RequestHead) => void;
  #requestTaps: BodyTaps | undefined = undefined;
  #responseTaps: BodyTaps | undefined = undefined;
  /** The transforms of the response's body; undefined while there are none. */
  #pipe: BodyPipe | undefined = undefined;
  /** Set while filters see the response of a backend. */
  #response: SeenResponse | undefined = undefined;
  /** What the rules of the route rewrite in the backend's response: filters see it rewritten. */
  rewritten: readonly FieldEdit[] = [];

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
    this.bodyReads = new BodyReads(owner);
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

  /** For how long a filter may keep the exchange waiting, in ms. */
  get timeoutMs(): number {
    return this.#owner.instance.options.filter_timeout;
  }

  /** True while the exchange waits for a filter: for its promise, or for the rest of a body that it changes. */
  get isWaiting(): boolean {
    // A client that is slow with its body has the limits of clients.
    if (this.bodyReads.isReading) return false;
    return this.#run.isWaiting || this.#pipe?.isAwaited === true;
  }

  logFields(): LogFields {
    return this.#owner.logFields();
  }

  reportFailure(filter: string, error: unknown, fields: LogFields): void {
    this.#owner.instance.host.pluginFailed(filter, 'Filter failed', error, fields);
  }

  /** Asks the filters about the request. */
  begin(): void {
    this.#run.advance();
  }

  readBody(limitBytes: number): Promise<Buffer | undefined> {
    return this.bodyReads.read(limitBytes, () => {
      // A hook that waited for something else before had the client wait. Now the client has its own time limits again.
      if (!this.#run.isWaiting) return;
      this.#owner.body?.holdBack(false);
      this.#owner.renewDeadline();
    });
  }

  /** More of the request's body arrived, or all of it, while filters are asked. True while more is read for a filter. */
  bodyArrived(): boolean {
    if (this.bodyReads.arrived()) return true;
    if (this.#run.isWaiting) this.#owner.body?.holdBack(true);
    return false;
  }

  filterWaits(): void {
    if (this.#response === undefined && !this.bodyReads.isReading) this.#owner.body?.holdBack(true);
    this.#owner.renewDeadline();
  }

  keepResponse(view: ResponseView): void {
    this.#response?.keep(view);
  }

  filtersPassed(): void {
    const { body } = this.#owner;
    this.bodyReads.close();
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

  /** A filter keeps the exchange waiting for too long. */
  timedOut(): void {
    if (this.#run.isWaiting) this.#run.timedOut();
    else this.#pipe?.timedOut();
  }

  /** Shows filters an answer that is about to be sent, and sends what they make of it. */
  answer(answer: Answer, origin: ResponseOrigin): void {
    this.#response = undefined;
    this.#run.respond(ResponseView.ofAnswer(answer, origin), (view) => {
      this.#send(view, answer, 0);
    });
  }

  /** Shows filters the head of a backend's response, which then goes on, unless another answer takes its place. */
  respond(head: ResponseHead, bodyLength: number, response: PassedResponse): void {
    const seen = new SeenResponse(head, bodyLength, response);
    this.#response = seen;
    const view = ResponseView.ofBackend(head.status, new HeadFields(head), announcedLength(head));
    if (this.rewritten.length > 0) view.edits = [...this.rewritten];
    this.#run.respond(
      view,
      (shown) => {
        this.#response = undefined;
        if (shown.answer === undefined) this.#goOn(shown, seen);
        else this.#send(shown, shown.answer, head.status);
      },
      head.status !== SWITCHING,
    );
  }

  /** Shows filters a piece of the request's body. False when it must not go on, because a filter failed. */
  requestData(bytes: Buffer, start: number, end: number): boolean {
    return this.#requestTaps?.data(bytes, start, end) ?? true;
  }

  requestEnd(): boolean {
    return this.#requestTaps?.end() ?? true;
  }

  /** Whether transforms make another body of the response: then {@link transform} and {@link transformEnd} take its pieces. */
  get isTransforming(): boolean {
    return this.#pipe !== undefined;
  }

  /** Shows filters a piece of the response's body. False when it must not go on, because a filter failed. */
  responseData(bytes: Buffer, start: number, end: number): boolean {
    return this.#responseTaps?.data(bytes, start, end) ?? true;
  }

  responseEnd(): boolean {
    return this.#responseTaps?.end() ?? true;
  }

  /** Gives the transforms a piece of the body. False when the backend must send no more for now. */
  transform(bytes: Buffer, start: number, end: number): boolean {
    return this.#pipe?.data(bytes, start, end) ?? true;
  }

  transformFlush(): void {
    this.#pipe?.flush();
  }

  transformEnd(): void {
    this.#pipe?.end();
  }

  /** The client took all that was written to it. False when no transform is at work. */
  drained(): boolean {
    if (this.#pipe === undefined) return false;
    this.#pipe.drained();
    return true;
  }

  /** The exchange is over: no filter is waited for, and each hears how it ended. */
  over(record: ExchangeRecord): void {
    if (this.#run.isWaiting) this.#run.cancel();
    this.#pipe?.destroy();
    this.bodyReads.end();
    this.#run.done(record);
  }

  #goOn(view: ResponseView, { head, bodyLength, response }: SeenResponse): void {
    const { edits, transforms, status } = view;
    if (edits !== undefined)
      this.#owner.responseEdits = FieldEdits.ofFilters(
        edits,
        this.#owner.sessionEdits ?? this.#route.responseEdits,
        false,
      );
    this.#responseTaps = this.#run.taps(view);
    if (transforms === undefined && status === head.status) {
      response.goOn(head, bodyLength);
      return;
    }
    const changed = head.changed(status, transforms !== undefined);
    const isEmpty = transforms === undefined || hasNoBody(status, this.#owner.method);
    if (!isEmpty) this.#pipe = new BodyPipe(transforms, this.#sinkOf(response));
    response.goOn(changed, isEmpty ? bodyLength : -1);
  }

  #sinkOf(response: PassedResponse): BodySink {
    const owner = this.#owner;
    return {
      write: (bytes) => {
        owner.bytesSent += bytes.length;
        owner.stream.body(bytes, 0, bytes.length);
        const flows = owner.stream.flush();
        owner.renewDeadline();
        return flows;
      },
      end: () => {
        response.bodyEnded();
      },
      resume: () => {
        response.resume();
      },
      failed: (filter, error) => {
        this.#run.bodyFailed(filter, error);
      },
    };
  }

  /** Sends an answer with what filters changed about it, once its body has passed taps and transforms. */
  #send(view: ResponseView, answer: Answer, status: number): void {
    const taps = this.#run.taps(view);
    const edited = view.editedAnswer ?? answer;
    const isEmpty = hasNoBody(edited.status, this.#owner.method);
    const transforms = isEmpty ? undefined : view.transforms;
    const body = taps === undefined && transforms === undefined ? undefined : answerBytes(edited);
    if (taps !== undefined && body !== undefined && !(taps.data(body, 0, body.length) && taps.end())) return;
    if (transforms === undefined || body === undefined) this.#owner.send(edited, status);
    else this.#sendChanged(edited, body, transforms, status);
  }

  #sendChanged(answer: Answer, body: Buffer, transforms: readonly OwnedTransform[], status: number): void {
    const pipe = transformWhole(body, transforms, {
      made: (changed) => {
        this.#pipe = undefined;
        this.#owner.send({ ...answer, body: changed }, status);
      },
      failed: (filter, error) => {
        this.#pipe = undefined;
        this.#run.bodyFailed(filter, error);
      },
    });
    if (!pipe.isAwaited) return;
    this.#pipe = pipe;
    this.#owner.renewDeadline();
  }
}

const SWITCHING = 101;
