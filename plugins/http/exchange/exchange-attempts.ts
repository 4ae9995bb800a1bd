import type { ResponseHead } from '../message/message-head.ts';
import type { BalanceError, ErrorCode } from '../../../src/errors.ts';
import type { Backend, Lease, LeaseRequest, PendingLease, Upstream } from '../../../src/plugin-api/index.ts';
import { tryLines } from '../forwarding/request-fields.ts';
import { BodyBuffering } from '../instance/body-buffering.ts';
import type { RequestDraft } from '../message/client-stream.ts';
import type { MessageFault, Refusal } from '../message/refusal/refusal.ts';
import { logBackendSelected, logIrregular, logTriedAgain } from '../records/exchange-lines.ts';
import { RequestRetries } from '../retries/request-retries.ts';
import type { Retry } from '../retries/retry-policy.ts';
import type { RetryRules } from '../retries/retry-rules.ts';
import { Attempt, type AttemptOwner, type Race } from './attempt.ts';
import { renewDeadline, type TimedExchange } from './exchange-deadline.ts';
import { ExchangeState } from './exchange-state.ts';
import { Hedge, type HedgedExchange } from './hedge.ts';
import { failureReason } from '../answers/failure-reasons.ts';

const NO_RESPONSE = 'the backend closed the connection before it sent a response';

/**
 * The backend's side of an exchange: it gets a lease for each {@link Attempt}, and makes another attempt where the retry policy, or the
 * recovery of the upstream, says so. How the exchange ends is up to the class that extends it.
 */
export abstract class ExchangeAttempts
  extends ExchangeState
  implements LeaseRequest, AttemptOwner, HedgedExchange, TimedExchange
{
  /** The attempt that runs; undefined while none does. */
  attempt: Attempt | undefined = undefined;
  draft: RequestDraft | undefined = undefined;
  pending: PendingLease | undefined = undefined;
  #attempts = 0;

  /** What {@link RequestRetries} must know: whether all of the request's body that was sent is kept. */
  get isRepeatable(): boolean {
    return this.body?.isRepeatable ?? true;
  }

  get avoid(): ReadonlySet<Backend> | undefined {
    return this.rare?.avoid;
  }

  get retries(): RequestRetries | undefined {
    return this.rare?.retries;
  }

  get hedge(): Hedge | undefined {
    return this.rare?.hedge;
  }

  get race(): Race | undefined {
    return this.hedge?.isRacing === true ? this.hedge : undefined;
  }

  /** Sends the request to a backend of `upstream`. `rules`: when it is tried again; undefined for no further tries. */
  forward(draft: RequestDraft, upstream: Upstream, rules: RetryRules | undefined): void {
    this.forwardedTo = upstream;
    this.draft = draft;
    if (rules !== undefined) this.#retryBy(rules);
    if (this.body?.isGathered === true) this.renewDeadline();
    else this.acquire(upstream);
  }

  /** Asks for a socket to a backend. A socket that serves only this client comes first. */
  acquire(upstream: Upstream): void {
    this.markSelection(upstream);
    if (this.hedge !== undefined && !this.wantsBody) this.hedge.arm();
    const { pinned } = this.client;
    const own = pinned === undefined || this.fresh ? undefined : pinned.take(upstream);
    if (own !== undefined) {
      this.pins = true;
      this.leased(own);
      return;
    }
    const pending = upstream.acquire(this);
    if (this.attempt !== undefined) return;
    this.pending = pending;
    this.renewDeadline();
  }

  leased(lease: Lease): void {
    this.pending = undefined;
    this.mark('selectEndMs');
    this.takeBackend(lease);
    if (this.instance.host.logger.debugEnabled) logBackendSelected(this);
    this.#attempts += 1;
    const attempt = new Attempt(this, lease, this.#attempts, this.instance.parts.clients);
    this.attempt = attempt;
    attempt.client.send(this.draft as RequestDraft, tryLines(this, this.requestEdits));
    let clientWaited = false;
    if (this.body === undefined) attempt.client.flush();
    else {
      clientWaited = this.body.sendHeldTo(attempt.client);
      if (!this.body.isRepeatable) this.hedge?.bodyGone();
    }
    this.mark('backendStartMs');
    this.renewDeadline();
    if (clientWaited) this.stream.resume();
  }

  connectFailed(backend: Backend, error: BalanceError): void {
    this.noteFailedTry(backend, error.code, 0);
  }

  refused(error: BalanceError): void {
    this.mark('selectEndMs');
    if (this.hedge?.isRacing === true) {
      this.hedge.goOnAlone();
      return;
    }
    const retry = this.retries?.onRefused(error);
    if (retry !== undefined) {
      this.pending = undefined;
      this.noteRetry();
      this.#tryAgain(retry, error.code);
      return;
    }
    const status = error.status === 0 ? 502 : error.status;
    this.fail(status, error.code, failureReason(error.code), error.message, error.retryAfterMs);
  }

  /** The backend's connection ended before any byte of a response. The retry policy says whether the request is sent again. */
  responseMissing(): void {
    const { attempt, retries } = this;
    const policy = this.instance.retryPolicy;
    const retry =
      attempt &&
      (retries === undefined
        ? policy.next('backend_reset', attempt, this.method, this.isRepeatable)
        : retries.onReset(attempt));
    if (retry === undefined) {
      if (attempt !== undefined && retries?.lacksBudget === true) this.#goOnIfGone(attempt, retries);
      else this.#failReset();
      return;
    }
    // A backend that closed an idle connection just then works: a client that belongs to it stays there.
    const isAvoided = !retry.needsFreshChannel || this.session === undefined;
    this.#giveUpAttempt('backend_reset', 0, isAvoided);
    this.endAttempt('backend_reset', 0);
    this.#tryAgain(retry, 'backend_reset');
  }

  /** The head of the response did not come in time. */
  responseLate(): void {
    const { attempt, race } = this;
    if (attempt !== undefined && race !== undefined) {
      race.goOnWithout(attempt, 'backend_timeout');
      return;
    }
    const retry = attempt && this.retries?.onTimeout(attempt);
    if (retry === undefined) {
      this.fail(504, 'backend_timeout', 'the backend took too long');
      return;
    }
    this.#giveUpAttempt('backend_timeout', 0);
    this.endAttempt('backend_timeout', 0);
    this.#tryAgain(retry, 'backend_timeout');
  }

  /** A response with that status came. True when another try is made: the attempt then ends its lease by itself. */
  givesUp(status: number, attempt: Attempt): boolean {
    const { hedge, retries } = this;
    if (hedge?.settle(attempt, status, retries?.rules.hasStatus(status) === true) === true) return true;
    const retry = retries?.onStatus(status, attempt);
    if (retry === undefined) {
      hedge?.rest();
      this.body?.stopKeeping();
      return false;
    }
    this.#giveUpAttempt(undefined, status);
    this.mark('backendEndMs');
    this.attempt = undefined;
    this.#tryAgain(retry, status);
    return true;
  }

  renewDeadline(): void {
    renewDeadline(this);
  }

  proceeds(): void {
    this.body?.proceeds();
  }

  backendDrained(): void {
    if (this.body?.unblock() !== true) return;
    this.stream.resume();
    this.renewDeadline();
  }

  noteOddity(oddity: MessageFault): void {
    if (this.instance.irregular.isFirst(this.backendName)) logIrregular(this, oddity);
  }

  abstract readonly looksAtResponses: boolean;
  abstract review(head: ResponseHead): boolean;
  abstract complete(): void;
  abstract refuse(refusal: Refusal): void;
  abstract refuseResponse(refusal: Refusal): void;
  abstract abort(code: ErrorCode, detail?: string): void;
  abstract becomeTunnel(): void;

  /** Ends the attempt without its whole response, so its socket can't be used again. `status`: of the response, 0 without one. */
  protected endAttempt(error: ErrorCode | undefined, status: number): void {
    this.mark('backendEndMs');
    const { attempt } = this;
    this.attempt = undefined;
    attempt?.client.stop();
    attempt?.lease.end(error, status, 0);
    this.pending?.cancel();
    this.pending = undefined;
  }

  #retryBy(rules: RetryRules): void {
    const { body, instance } = this;
    const retries = new RequestRetries(this, rules);
    this.own.retries = retries;
    if (rules.hedgeAfterMs > 0 && this.#mayRace(rules)) this.own.hedge = new Hedge(this, rules);
    if (body === undefined || !retries.keeps(body.declaredBytes)) return;
    const { bodyLimitBytes: size, bodyTotalBytes: total } = rules.settings;
    body.keep(new BodyBuffering({ size, total }, instance.parts.keptBodies, instance.host));
  }

  /** Whether a second try may run beside the first one: nothing binds the request to one backend or one connection. */
  #mayRace(rules: RetryRules): boolean {
    return rules.repeats(this.method) && this.upgrade === '' && this.session === undefined && !this.pins;
  }

  #failReset(): void {
    this.fail(502, 'backend_reset', 'the backend closed the connection', NO_RESPONSE);
  }

  /**
   * Only the budget forbids another try. A backend that ends breaks all its connections at once, more than the budget allows tries. So if
   * it can't be connected to any more, there is a further try.
   */
  #goOnIfGone({ lease: { backend } }: Attempt, retries: RequestRetries): void {
    const upstream = this.forwardedTo;
    if (upstream?.findOutIfGone === undefined) {
      this.#failReset();
      return;
    }
    this.endAttempt('backend_reset', 0);
    retries.waitForFinding();
    upstream.findOutIfGone(backend, (isGone) => {
      if (!this.isOver) this.#goOnAfterFinding(isGone, retries);
    });
    this.renewDeadline();
  }

  #goOnAfterFinding(isGone: boolean, retries: RequestRetries): void {
    try {
      const retry = isGone ? retries.onGone() : undefined;
      if (retry === undefined) {
        this.#failReset();
        return;
      }
      this.#giveUpAttempt('backend_reset', 0);
      this.#tryAgain(retry, 'backend_reset');
    } catch (error) {
      this.broke(error);
    }
  }

  /** Notes the attempt that runs as a failed try, which another one follows. `isAvoided`: at another backend, if there is one. */
  #giveUpAttempt(error: ErrorCode | undefined, status: number, isAvoided = true): void {
    const { backend, retries } = this;
    if (backend === undefined) return;
    this.noteFailedTry(backend, error, status);
    if (retries === undefined) return;
    this.noteRetry();
    if (isAvoided) this.own.avoid = retries.failedAt(backend);
  }

  #tryAgain(retry: Retry, failure: ErrorCode | number): void {
    this.trace?.nextTry();
    this.fresh = retry.needsFreshChannel;
    const upstream = this.forwardedTo;
    if (upstream === undefined) return;
    if (this.instance.host.logger.debugEnabled) logTriedAgain(this, failure, retry.delayMs);
    if (this.retries === undefined || retry.delayMs === 0) {
      this.acquire(upstream);
      return;
    }
    this.retries.wait(retry.delayMs, this.instance.host, () => {
      this.acquire(upstream);
    });
    this.renewDeadline();
  }
}
