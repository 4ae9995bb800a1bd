const INTERVAL_MS = 20;
/** Late by so much, this process may have let a limit of the proxy pass. */
export const STALL_MS = 300;

/** Notices when this process itself could not run for a while. */
export class StallWatch {
  /** Stalls so far. */
  count = 0;
  /** The longest delay so far. */
  worstMs = 0;
  /** How late the event loop was of late. */
  recentMs = 0;
  readonly #timer: NodeJS.Timeout;

  constructor() {
    let last = performance.now();
    this.#timer = setInterval(() => {
      const now = performance.now();
      const lateMs = Math.max(0, now - last - INTERVAL_MS);
      last = now;
      this.recentMs = lateMs > this.recentMs ? lateMs : (this.recentMs + lateMs) / 2;
      this.worstMs = Math.max(this.worstMs, lateMs);
      if (lateMs > STALL_MS) this.count += 1;
    }, INTERVAL_MS);
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
