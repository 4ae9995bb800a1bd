import type { StreamReader } from '../../plugin-api/index.ts';
import type { RestingLease } from '../backend/backend-state.ts';
import type { Channel } from './channel.ts';

/**
 * A channel that is pinned to one client and rests, outside of its pool, until that client's next request. Bytes, an end or
 * a reset from the backend end its lease.
 */
export class PinnedChannel implements StreamReader {
  readonly #lease: RestingLease;
  readonly #channel: Channel;
  readonly #dueAtMs: number;

  constructor(lease: RestingLease, channel: Channel, idleMs: number) {
    this.#lease = lease;
    this.#channel = channel;
    // The clock is only read where there is a limit.
    this.#dueAtMs = idleMs === Number.POSITIVE_INFINITY ? idleMs : performance.now() + idleMs;
    channel.stream.read(this);
  }

  /** False once the backend has closed the channel, or may close it at any moment. */
  get isUsable(): boolean {
    if (!this.#channel.isUsable) return false;
    return this.#dueAtMs === Number.POSITIVE_INFINITY || performance.now() <= this.#dueAtMs;
  }

  data(): void {
    // No request asked for these bytes: they must never reach the next exchange.
    this.#end();
  }

  end(): void {
    this.#end();
  }

  drained(): void {
    // Nothing is written to a resting channel.
  }

  closed(): void {
    this.#end();
  }

  /** Ends the lease without an error: a backend may close a channel that rests. */
  #end(): void {
    this.#lease.end(undefined, 0, 0);
  }
}
