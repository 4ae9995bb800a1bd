import type { BalanceError, ErrorCode } from '../../../errors.ts';
import type { Ejection, Suspicion } from '../../standing/ejection.ts';
import { failureOf, verdictOf } from '../../standing/lease-verdict.ts';
import { VerdictWindow } from '../../standing/verdict-window.ts';
import type { LeaseOutcomes } from '../../standing/lease-outcomes.ts';
import type { IntervalCounts } from './success-rates.ts';
import type { PassiveRules } from './passive-rules.ts';

/** Watches the outcomes of one member, and says when it fails too often. */
export class PassiveChecks implements LeaseOutcomes {
  readonly #ejection: Ejection;
  readonly #rules: PassiveRules;
  readonly #suspect: (suspicion: Suspicion) => void;
  readonly #window: VerdictWindow;
  /** Since the last {@link takeInterval}. */
  #total = 0;
  #failures = 0;
  #responses = 0;
  #waitedMs = 0;
  /** Only where the times of members are compared. */
  readonly responded?: (firstByteMs: number) => void;

  /** @param suspect called with the reason when the member should be ejected. Its counts begin anew if it is */
  constructor(ejection: Ejection, rules: PassiveRules, suspect: (suspicion: Suspicion) => void) {
    this.#ejection = ejection;
    this.#rules = rules;
    this.#suspect = suspect;
    this.#window = new VerdictWindow(rules.windowMs);
    if (rules.latency === undefined) return;
    this.responded = (firstByteMs) => {
      if (ejection.isOut) return;
      this.#responses += 1;
      this.#waitedMs += firstByteMs;
    };
  }

  connectFailed({ code }: BalanceError): void {
    this.#failed(code);
  }

  ended(error: ErrorCode | undefined, status: number): void {
    const verdict = verdictOf(error, status);
    if (verdict === 'failure') this.#failed(failureOf(error, status));
    else if (verdict === 'success') this.#succeeded();
  }

  /** What was counted since the last call. */
  takeInterval(): IntervalCounts {
    const counts = {
      total: this.#total,
      failures: this.#failures,
      responses: this.#responses,
      waitedMs: this.#waitedMs,
    };
    this.#total = this.#failures = this.#responses = this.#waitedMs = 0;
    return counts;
  }

  /** The member is ejected, or back: what it did before does not count any more. */
  clear(): void {
    this.#window.clear();
  }

  #succeeded(): void {
    if (this.#ejection.isOut) return;
    this.#total += 1;
    this.#window.add(false, performance.now());
    this.#ejection.countSuccess();
  }

  #failed(last: string): void {
    // Requests that it had already when it was ejected.
    if (this.#ejection.isOut) return;
    this.#total += 1;
    this.#failures += 1;
    const window = this.#window;
    window.add(true, performance.now());
    const inRow = this.#ejection.countFailure();
    const { consecutiveFailures, minRequests, errorRate } = this.#rules;
    if (inRow >= consecutiveFailures)
      this.#suspect({
        cause: 'consecutive_failures',
        reason: `failures in a row: ${inRow}, the last one: ${last}`,
      });
    else if (window.total >= minRequests && window.failureRate >= errorRate)
      this.#suspect({
        cause: 'error_rate',
        reason: `failed: ${window.failures} of ${window.total} requests, the last one: ${last}`,
      });
  }
}
