/** What all sockets together may read in one turn of the event loop before each of them gets one read only. */
const BUDGET_BYTES = 16 * 1024 * 1024;
/** How many of the transports that wait go on in one turn. */
const WOKEN_A_TURN = 16;

/** A transport that waits for a later turn of the event loop. */
export interface BudgetWaiter {
  /** The turn has come: the transport reads on if its reader still wants it to. */
  turnBegins(): void;
}

/**
 * Shares each turn of the event loop among sockets that have much to read.
 *
 * Node.js reads a socket up to 32 times in a row while the bytes fill the buffer. With hundreds of such sockets one turn takes a
 * third of a second and more, and a new connection needs several turns. So when a turn has read its budget, a socket that fills its
 * buffer waits in a queue, and each later turn lets some of the queue go on. Below the budget nothing is stopped, so a few fast
 * transfers cost nothing.
 */
export class ReadBudget {
  readonly #budgetBytes: number;
  #readBytes = 0;
  #isArmed = false;
  readonly #waiting: BudgetWaiter[] = [];

  /** @param budgetBytes Bytes that reads which fill their buffer may bring in one turn. Default: 16 MiB. */
  constructor(budgetBytes: number = BUDGET_BYTES) {
    this.#budgetBytes = budgetBytes;
  }

  /** Counts a read that filled its buffer. Returns false when the budget of this turn is used up. */
  takes(bytes: number): boolean {
    this.#readBytes += bytes;
    if (!this.#isArmed) {
      this.#isArmed = true;
      setImmediate(this.#next);
    }
    return this.#readBytes <= this.#budgetBytes;
  }

  /** Calls `transport.turnBegins()` in a later turn, in the order of these calls. Only after `takes` returned false. */
  wait(transport: BudgetWaiter): void {
    this.#waiting.push(transport);
  }

  readonly #next = (): void => {
    this.#readBytes = 0;
    const woken = this.#waiting.splice(0, WOKEN_A_TURN);
    this.#isArmed = this.#waiting.length > 0;
    if (this.#isArmed) setImmediate(this.#next);
    for (const transport of woken) transport.turnBegins();
  };
}
