import { addressKey } from './address-key.ts';
import { AddressRates, type ClientRates } from './address-rates.ts';

/** A power of two. */
const PLACES = 65_536;
const WORDS_A_PLACE = 2;
const BYTES_A_WORD = 4;
/** Places that an address may have. */
const TRIES = 8;
const TICKS_A_MS = 16;
const WINDOW_TICKS = 1_000 * TICKS_A_MS;

/**
 * {@link AddressRates} of several threads that have the same memory: an address has one bucket, whichever thread it comes to. Buckets are
 * kept in a table by a hash of the address. Two addresses with the same hash, one pair in 4 billion, have one bucket. If more addresses
 * are active than the table has room for, each thread limits the others by itself.
 */
export class SharedAddressRates implements ClientRates {
  readonly #words: Int32Array;
  readonly #owner: string;
  /** For addresses that find no place. */
  readonly #rest = new AddressRates();
  /** What this thread's `performance.now()` lacks to a clock that all threads share. */
  readonly #offsetMs = Number(process.hrtime.bigint() / 1_000n) / 1_000 - performance.now();

  /**
   * @param buffer made by {@link memoryOfRates}, for all threads and owners
   * @param owner whose limits these are: an address has a bucket at each owner
   */
  constructor(buffer: SharedArrayBuffer, owner: string) {
    this.#words = new Int32Array(buffer);
    this.#owner = owner;
  }

  takes(address: string, maxPerSecond: number, nowMs: number): boolean {
    if (maxPerSecond === 0) return true;
    const nowTicks = ((nowMs + this.#offsetMs) * TICKS_A_MS) | 0;
    const at = this.#placeOf(`${this.#owner} ${addressKey(address)}`, nowTicks);
    if (at === undefined) return this.#rest.takes(address, maxPerSecond, nowMs);
    const costTicks = Math.max(1, Math.floor(WINDOW_TICKS / maxPerSecond));
    for (;;) {
      const before = Atomics.load(this.#words, at + 1);
      const isFull = isOver(before, nowTicks);
      const fullAt = ((isFull ? nowTicks : before) + costTicks) | 0;
      if (((fullAt - nowTicks) | 0) > WINDOW_TICKS) return false;
      if (Atomics.compareExchange(this.#words, at + 1, before, fullAt) === before) return true;
    }
  }

  /** Where the bucket of a client is: its own place, or one whose bucket is full and so needs no memory. */
  #placeOf(key: string, nowTicks: number): number | undefined {
    const hash = hashOf(key);
    const name = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) | 1;
    const first = hash & (PLACES - 1);
    const places = Array.from(
      { length: TRIES },
      (_, step) => ((first + step) & (PLACES - 1)) * WORDS_A_PLACE,
    );
    const own = places.find((at) => Atomics.load(this.#words, at) === name);
    if (own !== undefined) return own;
    return places.find((at) => {
      const before = Atomics.load(this.#words, at);
      if (!isOver(Atomics.load(this.#words, at + 1), nowTicks)) return false;
      return Atomics.compareExchange(this.#words, at, before, name) === before;
    });
  }
}

/** The memory of {@link SharedAddressRates}: 512 KiB. */
export function memoryOfRates(): SharedArrayBuffer {
  return new SharedArrayBuffer(PLACES * WORDS_A_PLACE * BYTES_A_WORD);
}

/** Whether a bucket is full: its time is past, or so far ahead that the clock has wrapped around since (after 3 days). */
function isOver(fullAt: number, nowTicks: number): boolean {
  const leftTicks = (fullAt - nowTicks) | 0;
  // Another thread may have looked at the clock a little later.
  return leftTicks <= 0 || leftTicks > 2 * WINDOW_TICKS;
}

/** FNV-1a. Source: datatracker.ietf.org/doc/html/draft-eastlake-fnv. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash ^ (hash >>> 16);
}
