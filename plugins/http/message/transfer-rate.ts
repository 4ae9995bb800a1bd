/** The least rate at which a peer has to move bytes. */
export interface LeastRate {
  readonly bytesPerMs: number;
  /** How long a peer may move too little, or nothing, as long as it catches up later. */
  readonly windowMs: number;
}

/** The rate of a config; undefined when it has none. */
export function leastRate(bytesPerSecond: number, windowMs: number): LeastRate | undefined {
  return bytesPerSecond === 0 ? undefined : { bytesPerMs: bytesPerSecond / 1000, windowMs };
}

/**
 * Judges how fast a peer moves bytes while it is its turn. A token bucket: its size is what the least rate moves in the window. It
 * is full at first, loses the least rate over the time that the peer takes, and gains each byte that the peer moves. So a peer
 * may stop for the whole window, and may go on for ever at the least rate. A peer that drips is found after the window.
 */
export class TransferRate {
  readonly limits: LeastRate;
  #credit: number;
  /** Since when it is the peer's turn; -1: it is not. */
  #sinceMs: number;

  /** @param sinceMs since when it is the peer's turn; -1: it is not yet */
  constructor(limits: LeastRate, sinceMs: number) {
    this.limits = limits;
    this.#credit = limits.bytesPerMs * limits.windowMs;
    this.#sinceMs = sinceMs;
  }

  /**
   * Notes that `bytes` were moved since the last call, and whether it is the peer's turn from now on. False when it is too slow.
   * To be called when something moved; a timeout has to notice silence.
   */
  moved(bytes: number, nowMs: number, isItsTurn: boolean): boolean {
    const { bytesPerMs, windowMs } = this.limits;
    if (this.#sinceMs >= 0) this.#credit -= (nowMs - this.#sinceMs) * bytesPerMs;
    this.#credit = Math.min(this.#credit + bytes, bytesPerMs * windowMs);
    this.#sinceMs = isItsTurn ? nowMs : -1;
    return this.#credit >= 0;
  }
}
