/** What all sockets together read in one turn of the event loop before each of them gets one read only. */
const BUDGET_BYTES = 16 * 1024 * 1024;
/** Streams that go on in a turn; the others wait for a later one. */
const WOKEN_A_TURN = 16;

/** A stream that waits for the next turn. */
export interface BudgetWaiter {
  /** Called in its turn; the stream reads on if its reader still wants it to. */
  turnBegins(): void;
}

/**
 * Shares a turn of the event loop among sockets that have much to read.
 *
 * The runtime reads a socket up to 32 times in a row as long as the bytes fill the buffer. With hundreds of such sockets one turn
 * lasts a third of a second and more, and a newcomer needs several turns. Once a turn has read its budget, a socket that fills its
 * buffer waits in a queue, of which each further turn lets some go on. Below the budget nothing is stopped, so a few fast transfers
 * cost nothing.
 */
export class ReadBudget {
  readonly #budgetBytes: number;
  #readBytes = 0;
  #isArmed = false;
  readonly #waiting: BudgetWaiter[] = [];

  /** @param budgetBytes - full reads of one turn, in bytes; 16 MiB unless told otherwise. */
  constructor(budgetBytes: number = BUDGET_BYTES) {
    this.#budgetBytes = budgetBytes;
  }

  /** Counts a read that filled its buffer. Returns false when the turn's budget is used up. */
  takes(bytes: number): boolean {
    this.#readBytes += bytes;
    if (!this.#isArmed) {
      this.#isArmed = true;
      setImmediate(this.#next);
    }
    return this.#readBytes <= this.#budgetBytes;
  }

  /** Calls `stream.turnBegins()` in a later turn, first come, first served. Only after `takes` returned false. */
  wait(stream: BudgetWaiter): void {
    this.#waiting.push(stream);
  }

  readonly #next = (): void => {
    this.#readBytes = 0;
    const woken = this.#waiting.splice(0, WOKEN_A_TURN);
    this.#isArmed = this.#waiting.length > 0;
    if (this.#isArmed) setImmediate(this.#next);
    for (const stream of woken) stream.turnBegins();
  };
}
