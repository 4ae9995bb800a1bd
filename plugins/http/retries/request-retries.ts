import type { BalanceError, ErrorCode } from '../../../src/errors.ts';
import type {
  Backend,
  Deadline,
  LogSubject,
  ProtocolHost,
  RetriesExhausted,
} from '../../../src/plugin-api/index.ts';
import { isIdempotent, ON_FRESH_CHANNEL, type FailedAttempt, type Retry } from './retry-policy.ts';
import type { RetryRules } from './retry-rules.ts';

/** Errors that say that no backend got the request. */
const NOT_SENT: ReadonlySet<ErrorCode> = new Set(['connect_failed', 'connect_timeout', 'backend_tls']);

/** The exchange, as its retries see it. */
export interface RetriedExchange extends LogSubject {
  readonly method: string;
  /** Whether all of the request's body that was sent is kept. */
  readonly isRepeatable: boolean;
  /** Set when the request would have been tried again, but may not be. */
  retriesExhausted: RetriesExhausted | undefined;
}

/** Decides for one exchange whether it is tried again, and holds its place in the budget of its upstream. */
export class RequestRetries {
  readonly rules: RetryRules;
  /** The backends that failed the exchange; undefined while none did. */
  #failed: Set<Backend> | undefined;
  readonly #exchange: RetriedExchange;
  readonly #repeats: boolean;
  /** Whether it may be sent again when an idle connection died under it: that needs no setting, and `methods` does not forbid it. */
  readonly #isSafe: boolean;
  #retries = 0;
  #holdsPlace = false;
  /** Whether the budget counts the exchange among the requests that run. */
  #isCounted = true;
  #delay: Deadline | undefined;
  #isWaiting = false;

  constructor(exchange: RetriedExchange, rules: RetryRules) {
    this.#exchange = exchange;
    this.rules = rules;
    this.#repeats = rules.repeats(exchange.method);
    this.#isSafe = this.#repeats || isIdempotent(exchange.method);
    rules.budget.begin();
  }

  /** Notes that this backend failed the exchange. Returns all that did. */
  failedAt(backend: Backend): ReadonlySet<Backend> {
    return (this.#failed ??= new Set()).add(backend);
  }

  /** Whether a body of that length should be kept, so that it can be sent again. -1: its length is not known. */
  keeps(bodyLength: number): boolean {
    return this.#isSafe && bodyLength <= this.rules.settings.bodyLimitBytes;
  }

  /** True while the exchange waits for its next try. */
  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  /** For how many milliseconds one try may go on; infinity for no limit. @param sentAtMs when the backend had the whole request */
  leftMs(sentAtMs: number): number {
    const { perTryTimeoutMs } = this.rules.settings;
    return perTryTimeoutMs === 0 ? Number.POSITIVE_INFINITY : sentAtMs + perTryTimeoutMs - performance.now();
  }

  /** No backend could be given. The answer is undefined where the failure is not one of connecting. */
  onRefused({ code }: BalanceError): Retry | undefined {
    if (!this.rules.settings.onConnectFailure || !NOT_SENT.has(code)) return undefined;
    // A refused connect costs nobody anything. One that times out, or ends in a TLS handshake, does.
    return this.#next(code === 'connect_failed');
  }

  /** The connection ended before a byte of a response. */
  onReset(attempt: FailedAttempt): Retry | undefined {
    if (attempt.heard || !this.#exchange.isRepeatable) return undefined;
    if (
      attempt.reused &&
      this.#isSafe &&
      (this.#retries === 0 || this.#retries + 1 < this.rules.settings.maxAttempts)
    ) {
      // The backend most likely closed the idle connection before it saw the request. Without settings for retries, it is sent again, too.
      this.#retries += 1;
      this.#leaveBudget();
      return ON_FRESH_CHANNEL;
    }
    return this.rules.settings.onReset && this.#repeats ? this.#next(false) : undefined;
  }

  /** True when nothing but the budget keeps the exchange from another try. */
  get lacksBudget(): boolean {
    return this.#exchange.retriesExhausted === 'budget';
  }

  /**
   * The exchange waits until it is known whether the backend that broke its connection is gone. It most likely fails then, and gives no
   * backend anything to do: so meanwhile it does not allow others more tries.
   */
  waitForFinding(): void {
    this.#isWaiting = true;
    this.#leaveRequests();
  }

  /** That backend is gone: like a refused connect, its end says nothing about how much the others bear. */
  onGone(): Retry | undefined {
    this.#isWaiting = false;
    this.#exchange.retriesExhausted = undefined;
    this.#isCounted = true;
    this.rules.budget.begin();
    return this.#next(true);
  }

  /** The head of the response did not come in time. */
  onTimeout(attempt: FailedAttempt): Retry | undefined {
    return this.rules.settings.onTimeout && this.#mayRepeat(attempt) ? this.#next(false) : undefined;
  }

  /** The head of a response came, and nothing of it went to the client. */
  onStatus(status: number, attempt: FailedAttempt): Retry | undefined {
    if (!this.rules.hasStatus(status) || attempt.passedInterim) return undefined;
    return this.#repeats && this.#exchange.isRepeatable ? this.#next(false) : undefined;
  }

  /** Calls `tryAgain` after so many milliseconds, unless the exchange is over before. */
  wait(delayMs: number, host: ProtocolHost, tryAgain: () => void): void {
    this.#isWaiting = true;
    this.#delay?.destroy();
    this.#delay = host.deadline(() => {
      this.#isWaiting = false;
      tryAgain();
    }, this.#exchange);
    this.#delay.set(delayMs);
  }

  /** The exchange is over. */
  end(): void {
    this.#delay?.destroy();
    this.#isWaiting = false;
    this.#leaveBudget();
    this.#leaveRequests();
  }

  /** Whether the request may be sent again although a backend may have executed it. */
  #mayRepeat(attempt: FailedAttempt): boolean {
    return this.#repeats && this.#exchange.isRepeatable && !attempt.heard;
  }

  /** @param isFree whether the try does not draw on the budget */
  #next(isFree: boolean): Retry | undefined {
    this.#leaveBudget();
    if (this.#retries + 1 >= this.rules.settings.maxAttempts) {
      this.#exchange.retriesExhausted = 'attempts';
      return undefined;
    }
    this.#holdsPlace = !isFree && this.rules.budget.take();
    if (!isFree && !this.#holdsPlace) {
      this.#exchange.retriesExhausted = 'budget';
      return undefined;
    }
    const delayMs = this.rules.delayMs(this.#retries, Math.random());
    this.#retries += 1;
    return { needsFreshChannel: false, delayMs };
  }

  #leaveRequests(): void {
    if (this.#isCounted) this.rules.budget.end();
    this.#isCounted = false;
  }

  /** The try that held a place in the budget is over. */
  #leaveBudget(): void {
    if (this.#holdsPlace) this.rules.budget.release();
    this.#holdsPlace = false;
  }
}
