import { performance } from 'node:perf_hooks';

import type { ByteStream } from '../../../../src/plugin-api/index.ts';
import type { TakingLimits } from '../../message/message-limits.ts';
import { TransferRate } from '../../message/transfer-rate.ts';

/** How often to look at a client that has not taken everything. */
const LOOK_MS = 5_000;
/** A timer may fire this much too early. */
const TIMER_SLACK_MS = 1;

/**
 * Watches a client while it has not taken all that was written to it. Its progress is what the system's buffers took, which
 * comes in steps of many kilobytes: between two steps there is nothing to judge.
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

  /** How long to wait until the next look. */
  get lookMs(): number {
    const { rate, timeoutMs = LOOK_MS } = this.#limits ?? {};
    return rate === undefined ? timeoutMs : Math.min(timeoutMs, rate.windowMs, LOOK_MS);
  }

  /** Something was written that the client has not taken. Changes nothing while that was so before. Returns {@link lookMs}. */
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

  /** To be asked each {@link lookMs}: false when the client takes too slowly. */
  keepsPace(): boolean {
    if (this.#limits === undefined) return true;
    const now = performance.now();
    const bytes = this.#step();
    if (bytes === 0) return now - this.#movedAtMs < this.#limits.timeoutMs - TIMER_SLACK_MS;
    this.#movedAtMs = now;
    return this.#rate?.moved(bytes, now, true) ?? true;
  }

  /** The client took everything. False when it took too slowly. */
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
