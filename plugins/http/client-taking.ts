import { performance } from 'node:perf_hooks';

import type { ByteStream } from '../../src/plugin-api/index.ts';
import { TransferRate, type LeastRate } from './transfer-rate.ts';

/** How often a client that has not taken everything is looked at. */
const LOOK_MS = 5_000;
/** A timer may fire so much early. */
const TIMER_SLACK_MS = 1;

/** What a client that takes a response is held to. */
export interface TakingLimits {
  /** Undefined: any progress is enough. */
  readonly rate: LeastRate | undefined;
  /** Without any progress. */
  readonly timeoutMs: number;
}

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

  /** After so long it is to be looked at. */
  get lookMs(): number {
    const { rate, timeoutMs = LOOK_MS } = this.#limits ?? {};
    return rate === undefined ? timeoutMs : Math.min(timeoutMs, rate.windowMs, LOOK_MS);
  }

  /** Something was written that the client has not taken. Without effect while that was so before. */
  begin(limits: TakingLimits): void {
    if (this.#limits !== undefined) return;
    const now = performance.now();
    this.#limits = limits;
    this.#taken = this.#stream.bytesTaken;
    this.#movedAtMs = now;
    const { rate } = limits;
    if (rate === undefined) this.#rate = undefined;
    else if (this.#rate?.limits !== rate) this.#rate = new TransferRate(rate, now);
    else this.#rate.moved(0, now, true);
  }

  /** Looks at it. False when it takes too slowly. */
  keepsPace(): boolean {
    if (this.#limits === undefined) return true;
    const now = performance.now();
    const bytes = this.#step();
    if (bytes === 0) return now - this.#movedAtMs < this.#limits.timeoutMs - TIMER_SLACK_MS;
    this.#movedAtMs = now;
    return this.#rate?.moved(bytes, now, true) ?? true;
  }

  /** It took everything. False when it took too slowly. */
  end(): boolean {
    if (this.#limits === undefined) return true;
    this.#limits = undefined;
    return this.#rate?.moved(this.#step(), performance.now(), false) ?? true;
  }

  /** What it took since the last call. */
  #step(): number {
    const before = this.#taken;
    this.#taken = this.#stream.bytesTaken;
    return this.#taken - before;
  }
}
