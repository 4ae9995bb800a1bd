/** Further descriptors while turns of the event loop are long: each lets one more connection be accepted in a turn. */
const MANY = 63;
/** Further descriptors while every turn brings new connections. More would cost more than they save. */
const SOME = 7;
/** A turn that takes so long counts as long: new connections would wait too many of them. */
const LONG_TURN_MS = 2;
/** So many measured turns in a row must be long. A single long turn may be the very first request, or a garbage collection. */
const LONG_LOOKS = 2;
/** So many measured turns in a row must bring new connections. A few clients that come together are no reason. */
const STORM_LOOKS = 3;
/** For how long a demand is remembered, so that descriptors are not opened and closed all the time. */
const MEMORY_MS = 2_000;

/** Computes from measured turns of the event loop how many further descriptors a listening socket needs. */
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
    // Each descriptor gives one connection a turn. If all of them gave one, more connections may wait.
    const isFull = accepts > further;
    this.#stormLooks = isFull ? this.#stormLooks + 1 : 0;
    const isUsed = further > 0 && accepts > 1;
    if (this.#stormLooks >= STORM_LOOKS || isUsed) this.#stormUntilMs = nowMs + MEMORY_MS;
    if (nowMs < this.#longUntilMs) return MANY;
    return nowMs < this.#stormUntilMs ? SOME : 0;
  }
}
