import type { BalanceError, ErrorCode } from '../../../src/errors.ts';
import type {
  Backend,
  Connection,
  Deadline,
  FailedTry,
  HedgeResult,
  Lease,
  LeaseRequest,
  LogFields,
  PendingLease,
  Upstream,
} from '../../../src/plugin-api/index.ts';
import { sideLines, type SharedRequest } from '../forwarding/request-fields.ts';
import type { HttpInstance } from '../instance/http-instance.ts';
import type { RequestDraft } from '../message/client-stream.ts';
import type { RetryRules } from '../retries/retry-rules.ts';
import { Attempt, type AttemptOwner, type Race } from './attempt.ts';
import type { RequestBody } from './request-body.ts';

/** The exchange, as its second try sees it. */
export interface HedgedExchange extends AttemptOwner, SharedRequest {
  readonly instance: HttpInstance;
  readonly body: RequestBody | undefined;
  readonly isRepeatable: boolean;
  readonly key: string | undefined;
  readonly heldBy: Connection;
  readonly forwardedTo: Upstream | undefined;
  /** The head of the request for the backend. */
  readonly draft: RequestDraft | undefined;
  /** The backend of the first try; undefined before there is one. */
  backend: Backend | undefined;
  readonly avoid: ReadonlySet<Backend> | undefined;
  /** The first try, once it has a connection. */
  attempt: Attempt | undefined;
  /** The lease that the first try waits for. */
  pending: PendingLease | undefined;
  readonly elapsedMs: number;
  hedgeResult: HedgeResult | undefined;
  takeBackend(lease: Lease): void;
  addTry(tried: FailedTry): void;
  noteFailedTry(backend: Backend, error: ErrorCode | undefined, status: number, isOutrun?: boolean): void;
  leased(lease: Lease): void;
  refused(error: BalanceError): void;
}

/** The second try, once it has a connection. */
interface SecondTry {
  readonly attempt: Attempt;
  readonly backend: Backend;
  readonly startMs: number;
  readonly spanId: string;
}

/**
 * The second try of a request, at another backend, beside a first one that takes long. Until one of them brings the head of a response, a
 * try that fails leaves the request to the other one; the head that comes first cancels the other try. From then on the exchange has one
 * attempt again, and all goes its usual way.
 */
export class Hedge implements LeaseRequest, Race {
  readonly fresh = false;
  readonly isSpare = true;
  avoid: ReadonlySet<Backend> | undefined = undefined;
  readonly #exchange: HedgedExchange;
  readonly #rules: RetryRules;
  readonly #timer: Deadline;
  /** The second try while it has no connection. */
  #pending: PendingLease | undefined = undefined;
  #second: SecondTry | undefined = undefined;
  #holdsPlace = false;
  /** There is at most one second try. */
  #hasBegun = false;
  /** True while two tries run. */
  #isRacing = false;
  #isOver = false;

  constructor(exchange: HedgedExchange, rules: RetryRules) {
    this.#exchange = exchange;
    this.#rules = rules;
    this.#timer = exchange.instance.host.deadline(() => {
      this.#begin();
    }, exchange);
  }

  get key(): string | undefined {
    return this.#exchange.key;
  }

  get heldBy(): Connection {
    return this.#exchange.heldBy;
  }

  get isRacing(): boolean {
    return this.#isRacing;
  }

  logFields(): LogFields {
    return this.#exchange.logFields();
  }

  /** A try begins, and the request is complete: the time runs from now on. */
  arm(): void {
    if (!this.#hasBegun && !this.#isOver) this.#timer.set(this.#rules.hedgeAfterMs);
  }

  /**
   * The head of a final response came on that attempt, before one on the other.
   *
   * @param isFailure whether its status counts as a failed try. Then the other try goes on, if there is one
   * @returns whether the attempt is given up for that reason
   */
  settle(attempt: Attempt, status: number, isFailure: boolean): boolean {
    if (this.#isRacing && isFailure) {
      this.#leave(attempt, undefined, status);
      return true;
    }
    if (this.#isRacing) this.#won(attempt);
    else if (attempt === this.#second?.attempt) this.#exchange.hedgeResult = 'won';
    return false;
  }

  goOnWithout(attempt: Attempt, error: ErrorCode): void {
    attempt.client.stop();
    this.#leave(attempt, error, 0);
    attempt.lease.end(error, 0, 0);
  }

  /** The first try got no connection, and gets none. */
  goOnAlone(): void {
    this.#takeOver();
  }

  /** The first try was sent, and its body is not kept: a second try that has no connection yet would send none. */
  bodyGone(): void {
    if (!this.#isRacing || this.#second !== undefined) return;
    this.#exchange.hedgeResult = 'failed';
    this.#cancelSecond();
  }

  /** A response goes to the client: no second try begins any more. */
  rest(): void {
    this.#isOver = true;
    this.#timer.clear();
  }

  /** The exchange is over. */
  end(): void {
    this.#isOver = true;
    this.#timer.destroy();
    if (this.#isRacing) this.#cancelSecond();
    this.#leaveBudget();
  }

  leased(lease: Lease): void {
    const exchange = this.#exchange;
    this.#pending = undefined;
    if (!this.#isRacing) {
      exchange.leased(lease);
      this.#second = this.#asSecond(exchange.attempt, lease, exchange.trace?.trySpanId);
      return;
    }
    const { lines, spanId } = sideLines(exchange, lease.backend);
    const attempt = new Attempt(exchange, lease, 2, exchange.instance.parts.clients);
    this.#second = this.#asSecond(attempt, lease, spanId);
    attempt.client.send(exchange.draft as RequestDraft, lines);
    exchange.body?.sendCopyTo(attempt.client);
    attempt.client.flush();
    attempt.noteSent();
  }

  connectFailed(backend: Backend, error: BalanceError): void {
    const { elapsedMs: now } = this.#exchange;
    this.#exchange.addTry({
      backend,
      startMs: now,
      endMs: now,
      error: error.code,
      status: 0,
      retried: false,
    });
  }

  refused(error: BalanceError): void {
    this.#pending = undefined;
    this.#exchange.hedgeResult = 'failed';
    if (!this.#isRacing) {
      this.#exchange.refused(error);
      return;
    }
    this.#isRacing = false;
    this.#leaveBudget();
  }

  /** The time is over: begins the second try, if that may be. */
  #begin(): void {
    const exchange = this.#exchange;
    const { attempt, pending, forwardedTo: upstream } = exchange;
    const first = attempt?.lease.backend ?? pending?.lastTried;
    if (upstream === undefined || this.#isOver) return;
    if (first === undefined) {
      // It waits in the queue, or for the time of a retry: a second request would only wait, too.
      this.arm();
      return;
    }
    if (!exchange.isRepeatable || exchange.pins || attempt?.passedInterim === true) return;
    this.#hasBegun = true;
    if (!this.#rules.budget.take()) {
      exchange.hedgeResult = 'budget';
      return;
    }
    this.#holdsPlace = true;
    this.#isRacing = true;
    exchange.hedgeResult = 'lost';
    this.avoid = new Set([...(exchange.avoid ?? []), first]);
    this.#pending = upstream.acquire(this);
  }

  #asSecond(attempt: Attempt | undefined, { backend }: Lease, spanId = ''): SecondTry | undefined {
    return attempt && { attempt, backend, startMs: this.#exchange.elapsedMs, spanId };
  }

  /** That attempt came first. */
  #won(attempt: Attempt): void {
    const exchange = this.#exchange;
    if (attempt !== this.#second?.attempt) {
      this.#cancelSecond();
      return;
    }
    const { attempt: first, pending, backend } = exchange;
    if (backend !== undefined && first !== undefined) exchange.noteFailedTry(backend, undefined, 0, true);
    this.#takeOver();
    exchange.hedgeResult = 'won';
    pending?.cancel();
    first?.client.stop();
    first?.lease.end('client_abort', 0, 0);
  }

  /** That attempt failed: notes it, and leaves the request to the other one. */
  #leave(attempt: Attempt, error: ErrorCode | undefined, status: number): void {
    const exchange = this.#exchange;
    const second = this.#second;
    if (attempt !== second?.attempt) {
      exchange.noteFailedTry(attempt.lease.backend, error, status);
      this.#takeOver();
      return;
    }
    exchange.hedgeResult = 'failed';
    this.#noteSecond(second, error, status);
    this.#isRacing = false;
    this.#leaveBudget();
  }

  /** The first try is over: from now on the second one is the attempt of the exchange. */
  #takeOver(): void {
    const exchange = this.#exchange;
    const second = this.#second;
    this.#isRacing = false;
    exchange.hedgeResult = 'failed';
    exchange.attempt = second?.attempt;
    exchange.pending = this.#pending;
    if (second === undefined) {
      exchange.trace?.nextTry();
      exchange.renewDeadline();
      return;
    }
    exchange.takeBackend(second.attempt.lease);
    exchange.trace?.resumeTry(second.spanId);
    const phases = exchange.trace?.phases;
    if (phases !== undefined) {
      phases.backendStartMs = second.startMs;
      if (phases.selectEndMs < 0) phases.selectEndMs = second.startMs;
    }
    second.attempt.client.resume();
    exchange.renewDeadline();
  }

  #cancelSecond(): void {
    const second = this.#second;
    this.#isRacing = false;
    this.#pending?.cancel();
    this.#pending = undefined;
    this.#leaveBudget();
    if (second === undefined) return;
    this.#noteSecond(second, undefined, 0);
    second.attempt.client.stop();
    second.attempt.lease.end('client_abort', 0, 0);
  }

  #noteSecond({ backend, startMs, spanId }: SecondTry, error: ErrorCode | undefined, status: number): void {
    const isOutrun = error === undefined && status === 0;
    const endMs = this.#exchange.elapsedMs;
    this.#exchange.addTry({ backend, startMs, endMs, error, status, retried: false, spanId, isOutrun });
  }

  /** The second try does not count any more. */
  #leaveBudget(): void {
    if (this.#holdsPlace) this.#rules.budget.release();
    this.#holdsPlace = false;
  }
}
