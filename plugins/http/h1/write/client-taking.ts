import { performance } from 'node:perf_hooks';

import type { ByteStream } from '../../../../src/plugin-api/index.ts';
import type { TakingLimits } from '../../message/message-limits.ts';
import { TransferRate } from '../../message/transfer-rate.ts';

/** How often a client that has not taken everything is checked. */
const LOOK_MS = 5_000;
/** A timer may fire this many milliseconds too early. */
const TIMER_SLACK_MS = 1;

/**
 * Watches a client while it has not taken all that was written to it. Only the bytes that the system's buffers took can be counted, and
 * these come in steps of many kilobytes: between two steps nothing is known.
 */
export class ClientTaking {
  readonly #stream: ByteStream;
  #limits: TakingLimits | undefined;
  #rate: TransferRate | undefined;
  #taken = 0;
  #movedAtMs = 0;

  constructor(stream: ByteStream) {
    this.#stream = stream;
  }

  /** How many milliseconds to wait until the next check. */
  get lookMs(): number {
    const { rate, timeoutMs = LOOK_MS } = this.#limits ?? {};
    return rate === undefined ? timeoutMs : Math.min(timeoutMs, rate.windowMs, LOOK_MS);
  }

  /** Begins to watch: something was written that the client has not taken. Does nothing when it watches already. Returns {@link lookMs}. */
  begin(limits: TakingLimits): number {
    if (this.#limits !== undefined) return this.lookMs;
    const now = performance.now();
    this.#limits = limits;
    this.#taken = this.#stream.bytesTaken;
    this.#movedAtMs = now;
    const { rate } = limits;
    if (rate === undefined) this.#rate = undefined;
    else if (this.#rate?.limits !== rate) this.#rate = new TransferRate(rate, now);
    else this.#rate.moved(0, now, true);
    return this.lookMs;
  }

  /** Called each {@link lookMs}: false when the client takes too slowly. */
  keepsPace(): boolean {
    if (this.#limits === undefined) return true;
    const now = performance.now();
    const bytes = this.#step();
    if (bytes === 0) return now - this.#movedAtMs < this.#limits.timeoutMs - TIMER_SLACK_MS;
    this.#movedAtMs = now;
    return this.#rate?.moved(bytes, now, true) ?? true;
  }

  /** The client took everything: stops watching. False when it took too slowly. */
  end(): boolean {
    if (this.#limits === undefined) return true;
    this.#limits = undefined;
    return this.#rate?.moved(this.#step(), performance.now(), false) ?? true;
  }

  /** How many bytes the client took since the last call. */
  #step(): number {
    const before = this.#taken;
    this.#taken = this.#stream.bytesTaken;
    return this.#taken - before;
  }
}
