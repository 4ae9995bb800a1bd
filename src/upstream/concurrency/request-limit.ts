import type { ErrorCode } from '../../errors.ts';
import type { LeaseOutcomes } from '../standing/lease-outcomes.ts';
import type { AdaptiveLimit } from './adaptive-limit.ts';
import type { RequestCount } from './request-count.ts';

/** How many requests of one upstream a backend may work on at a time. Connections and tunnels are not counted. */
export class RequestLimit implements LeaseOutcomes {
  /** Of all workers together; infinite where only {@link adaptive} limits them. */
  readonly max: number;
  /** Of this worker; undefined where the limit is fixed. */
  readonly adaptive: AdaptiveLimit | undefined;
  readonly #count: RequestCount;

  constructor(max: number, count: RequestCount, adaptive: AdaptiveLimit | undefined) {
    this.max = max;
    this.adaptive = adaptive;
    this.#count = count;
  }

  /** Hears how long its requests take; undefined where nobody asks. */
  get outcomes(): LeaseOutcomes | undefined {
    return this.adaptive && this;
  }

  get running(): number {
    return this.#count.total;
  }

  get hasRoom(): boolean {
    return (
      this.#count.total < this.max &&
      (this.adaptive === undefined || this.#count.running < this.adaptive.limit)
    );
  }

  /** Takes a place for a request. False when there is none. */
  take(): boolean {
    if (!this.hasRoom || !this.#count.take(this.max)) return false;
    this.adaptive?.began(this.#count.running);
    return true;
  }

  /** A client sends a further request on a connection of its own: it counts, but is served whatever the limit is. */
  takeAnyway(): void {
    this.#count.take(Number.POSITIVE_INFINITY);
    this.adaptive?.began(this.#count.running);
  }

  /** The request is over, has become a tunnel, or its connection rests for its client. */
  release(): void {
    this.#count.release();
  }

  connectFailed(): void {
    // Says nothing about how many requests a backend can work on.
  }

  responded(firstByteMs: number, status: number): void {
    // An error may come quickly although nothing was done for it.
    if (status < 500) this.adaptive?.answered(firstByteMs, this.#count.running);
  }

  ended(error: ErrorCode | undefined, status: number, heldMs: number): void {
    // How long a response lasted before it stopped says nothing about how long the backend takes to answer.
    if (error === 'backend_timeout' && status === 0) this.adaptive?.answered(heldMs, this.#count.running);
  }
}
