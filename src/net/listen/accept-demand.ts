/** Further descriptors while turns of the loop are long, when each is a place for one more newcomer of the turn. */
const MANY = 63;
/** Further descriptors while newcomers come in every turn; beyond that, more of them cost more than they save. */
const SOME = 7;
/** A turn from which on newcomers would wait too long for theirs. */
const LONG_TURN_MS = 2;
/** Looks in a row that have to see long turns. A single one is the first request of all, or a collection of garbage. */
const LONG_LOOKS = 2;
/** Looks in a row that have to see newcomers in every turn. A few clients at once are no reason. */
const STORM_LOOKS = 3;
/** How long a demand is remembered, so that descriptors are not opened and closed all the time. */
const MEMORY_MS = 2_000;

/** Says how many further descriptors of a listening socket should be accepted from, judged by turns of the loop. */
export class AcceptDemand {
  #longUntilMs = Number.NEGATIVE_INFINITY;
  #stormUntilMs = Number.NEGATIVE_INFINITY;
  #longLooks = 0;
  #stormLooks = 0;

  /**
   * Takes one whole turn into account and returns the number of further descriptors that are wanted now. `accepts` is how many
   * connections were accepted in it, from the first and `further` other descriptors.
   */
  seen(nowMs: number, turnMs: number, accepts: number, further: number): number {
    const isLong = turnMs >= LONG_TURN_MS;
    this.#longLooks = isLong ? this.#longLooks + 1 : 0;
    if (isLong && (further > 0 || this.#longLooks >= LONG_LOOKS)) this.#longUntilMs = nowMs + MEMORY_MS;
    // Each descriptor gives one newcomer a turn: when all did, there may be more who wait.
    const isFull = accepts > further;
    this.#stormLooks = isFull ? this.#stormLooks + 1 : 0;
    const isUsed = further > 0 && accepts > 1;
    if (this.#stormLooks >= STORM_LOOKS || isUsed) this.#stormUntilMs = nowMs + MEMORY_MS;
    if (nowMs < this.#longUntilMs) return MANY;
    return nowMs < this.#stormUntilMs ? SOME : 0;
  }
}
