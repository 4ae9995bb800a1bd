import { addressKey } from './address-key.ts';

/** Addresses that are remembered at most. One takes about 100 bytes. */
const MOST_ADDRESSES = 65_536;
const WINDOW_MS = 1_000;
/** After so long without use every bucket is full. */
const KEEP_MS = 2 * WINDOW_MS;
/** Sums of fractions are not exact. */
const ROUNDING_MS = 0.001;

/** Limits how often one client address may do something. */
export interface ClientRates {
  /**
   * Takes one token of the address. Returns false when there is none.
   *
   * @param maxPerSecond how often within a second; 0: no limit. The limit may change from call to call
   * @param nowMs by `performance.now()`
   */
  takes(address: string, maxPerSecond: number, nowMs: number): boolean;
}

/**
 * Limits how often one client address may do something. Each address has a bucket of as many tokens as it may use within a second; they come
 * back evenly. The bucket is kept as one number, the time at which it is full again (the generic cell rate algorithm).
 *
 * A bucket that is full needs no memory. Addresses are kept in two halves, and the older half is forgotten as a whole: when all its buckets
 * are full, or when there are too many addresses.
 */
export class AddressRates implements ClientRates {
  /** When the buckets of addresses that were used lately are full again, by `performance.now()`. */
  #recent = new Map<string, number>();
  #older = new Map<string, number>();
  /** When {@link #recent} was begun. */
  #begunAtMs = Number.NEGATIVE_INFINITY;

  /** Addresses that are remembered. */
  get size(): number {
    return this.#recent.size + this.#older.size;
  }

  takes(address: string, maxPerSecond: number, nowMs: number): boolean {
    if (maxPerSecond === 0) return true;
    if (nowMs - this.#begunAtMs >= KEEP_MS || this.#recent.size >= MOST_ADDRESSES / 2) this.#forget(nowMs);
    const key = addressKey(address);
    const before = this.#recent.get(key) ?? this.#older.get(key) ?? 0;
    const fullAtMs = Math.max(before, nowMs) + WINDOW_MS / maxPerSecond;
    if (fullAtMs - nowMs > WINDOW_MS + ROUNDING_MS) return false;
    this.#recent.set(key, fullAtMs);
    return true;
  }

  #forget(nowMs: number): void {
    this.#older = this.#recent;
    this.#recent = new Map();
    this.#begunAtMs = nowMs;
  }
}
