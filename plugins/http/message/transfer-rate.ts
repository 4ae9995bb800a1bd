/** The least rate at which a peer has to move bytes. */
export interface LeastRate {
  readonly bytesPerMs: number;
  /** How long a peer may move too little, or nothing, before it counts as too slow. */
  readonly windowMs: number;
}

/** The rate of a config; undefined for 0, which means no limit. */
export function leastRate(bytesPerSecond: number, windowMs: number): LeastRate | undefined {
  return bytesPerSecond === 0 ? undefined : { bytesPerMs: bytesPerSecond / 1000, windowMs };
}

/**
 * Judges how fast a peer moves bytes, counting only the time in which the proxy waits for the peer. It is a token bucket that holds as
 * many bytes as the least rate moves in the window. The bucket is full at first, loses the least rate as time passes, and gains each
 * byte that the peer moves. So a peer may stop for the whole window, and may go on for ever at the least rate; a peer that sends single
 * bytes is found after the window.
 */
export class TransferRate {
  readonly limits: LeastRate;
  #credit: number;
  /** Since when the proxy waits for the peer; -1: it does not wait. */
  #sinceMs: number;

  /** @param sinceMs since when the proxy waits for the peer; -1: it does not wait yet */
  constructor(limits: LeastRate, sinceMs: number) {
    this.limits = limits;
    this.#credit = limits.bytesPerMs * limits.windowMs;
    this.#sinceMs = sinceMs;
  }

  /**
   * Notes that `bytes` were moved since the last call, and whether the proxy waits for the peer from now on. False when the peer is
   * too slow. Called when something moved; a timeout has to notice silence.
   */
  moved(bytes: number, nowMs: number, isItsTurn: boolean): boolean {
    const { bytesPerMs, windowMs } = this.limits;
    if (this.#sinceMs >= 0) this.#credit -= (nowMs - this.#sinceMs) * bytesPerMs;
    this.#credit = Math.min(this.#credit + bytes, bytesPerMs * windowMs);
    this.#sinceMs = isItsTurn ? nowMs : -1;
    return this.#credit >= 0;
  }
}
