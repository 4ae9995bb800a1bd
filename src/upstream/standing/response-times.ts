import type { ErrorCode } from '../../errors.ts';
import type { LeaseOutcomes } from './lease-outcomes.ts';
import { verdictOf } from './lease-verdict.ts';

/** By this part each sample moves the average. */
const STEP = 1 / 8;
/** While no response comes, the average halves in this time, so that a backend that was slow is tried again. */
const HALF_LIFE_MS = 10_000;
/** The average falls in steps of this time: between two of them it is the same for whoever asks. */
const FADE_STEP_MS = 1_000;
/** The least average: 0 says that nothing is known. */
const LEAST_MS = 0.001;

/** The moving average of how long a backend takes to the first byte of a response, or, for `tcp`, to a connection. Times are by `performance.now()`. */
export class ResponseTimes implements LeaseOutcomes {
  readonly #followsPeaks: boolean;
  readonly #now: () => number;
  /** Whether connections are measured instead of responses, as for `tcp`. */
  #isOfConnects = false;
  #averageMs = 0;
  #lastAtMs = 0;

  /**
   * @param followsPeaks a sample above the average becomes the average at once
   * @param now default: `performance.now()`
   */
  constructor(followsPeaks: boolean, now = (): number => performance.now()) {
    this.#followsPeaks = followsPeaks;
    this.#now = now;
  }

  /** 0 while nothing is known. */
  at(nowMs: number): number {
    const steps = Math.floor((nowMs - this.#lastAtMs) / FADE_STEP_MS);
    return steps <= 0 ? this.#averageMs : this.#averageMs * 2 ** ((-steps * FADE_STEP_MS) / HALF_LIFE_MS);
  }

  connectFailed(): void {
    this.#fail(0, this.#now());
  }

  /** A connection for one client is made: nobody knows when its protocol expects an answer, so that this time counts. */
  connected(connectMs: number): void {
    this.#isOfConnects = true;
    this.#add(connectMs, this.#now());
  }

  responded(firstByteMs: number): void {
    this.#add(firstByteMs, this.#now());
  }

  ended(error: ErrorCode | undefined, status: number, heldMs: number): void {
    if (verdictOf(error, status) !== 'failure') return;
    // How long a tunnel or a response lasted before it failed says nothing about how long the backend takes to answer.
    const waitedMs = this.#isOfConnects || status !== 0 ? 0 : heldMs;
    this.#fail(waitedMs, this.#now());
  }

  #add(sampleMs: number, nowMs: number): void {
    const before = this.at(nowMs);
    const isPeak = this.#followsPeaks && sampleMs > before;
    const average = before === 0 || isPeak ? sampleMs : before + (sampleMs - before) * STEP;
    this.#averageMs = Math.max(average, LEAST_MS);
    this.#lastAtMs = nowMs;
  }

  /** What failed after so long counts as if it had taken twice the average: a backend that fails at once must not win by it. */
  #fail(heldMs: number, nowMs: number): void {
    this.#add(Math.max(heldMs, 2 * this.at(nowMs)), nowMs);
  }
}
