/**
 * How long one turn of the event loop may compute handshakes, in ms. The first one of a turn is always computed.
 *
 * Measured with 64 clients that do nothing but full handshakes, beside one that asks over an open connection (Node 20): with 1, 2, 4, 8 and
 * 16 ms its p99 was 20, 28, 51, 42 and 47 ms, at 2,270, 2,620, 2,510, 2,430 and 2,600 handshakes a second.
 */
const BUDGET_MS = 2;

/**
 * Spreads the computing of handshakes over turns of the event loop. A signature blocks the loop, so many clients at once would make
 * everybody else wait. All listeners of a process share one.
 */
export class HandshakeTurns {
  readonly #budgetMs: number;
  readonly #now: () => number;
  /** In their order. */
  readonly #waiting = new Set<() => void>();
  #spentMs = 0;
  #isScheduled = false;

  /**
   * @param budgetMs as {@link BUDGET_MS}, which is the default
   * @param now the clock, in ms
   */
  constructor(budgetMs = BUDGET_MS, now = (): number => performance.now()) {
    this.#budgetMs = budgetMs;
    this.#now = now;
  }

  /** How many wait for their turn. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Runs `work` now, or in a later turn, after all that wait already. `work` must not throw. */
  run(work: () => void): void {
    if (this.#waiting.size > 0 || this.#isSpent) this.#waiting.add(work);
    else this.#compute(work);
    this.#schedule();
  }

  /** Takes back what waits. */
  cancel(work: () => void): void {
    this.#waiting.delete(work);
  }

  get #isSpent(): boolean {
    return this.#spentMs > 0 && this.#spentMs >= this.#budgetMs;
  }

  #compute(work: () => void): void {
    const beganAtMs = this.#now();
    work();
    this.#spentMs += this.#now() - beganAtMs;
  }

  /** The next turn begins with a new budget. Immediates run once a turn, after the sockets were read. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#nextTurn);
  }

  readonly #nextTurn = (): void => {
    this.#isScheduled = false;
    this.#spentMs = 0;
    for (const work of this.#waiting) {
      if (this.#isSpent) break;
      this.#waiting.delete(work);
      this.#compute(work);
    }
    if (this.#spentMs > 0 || this.#waiting.size > 0) this.#schedule();
  };
}
