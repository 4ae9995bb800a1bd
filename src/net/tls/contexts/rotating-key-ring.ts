import { randomBytes } from 'node:crypto';

import type { TicketKey } from '../../node/tls-internals.ts';
import { keyRingState, keysOf, type AgedKey, type KeyRingState } from './key-ring-state.ts';
import type { TicketKeyRing } from './ticket-key-ring.ts';

/** A key makes new tickets for so long. After it, it only opens the tickets that it made, for as long again. */
export const ROTATE_EVERY_MS = 12 * 60 * 60 * 1000;
const NAME_BYTES = 16;
const HMAC_KEY_BYTES = 32;
const AES_KEY_BYTES = 16;
const FIXED_KEYS_BYTES = 48;

/**
 * A ring that makes its keys itself. They are changed every 12 h, when a ticket is next made or opened, and live in memory only. A ticket
 * that was made with the key before the current one is still taken.
 */
export class RotatingKeyRing implements TicketKeyRing {
  readonly fixed: Buffer;
  readonly #nowMs: () => number;
  /** The key that makes new tickets comes first. */
  #keys: readonly AgedKey[] = [];
  #next: AgedKey | undefined;

  /**
   * @param nowMs the time. Default: a clock that nobody can set
   * @param before the ring that this one goes on with. Default: all keys are made anew
   */
  constructor(nowMs: () => number = () => performance.now(), before?: KeyRingState) {
    this.#nowMs = nowMs;
    this.fixed = before === undefined ? randomBytes(FIXED_KEYS_BYTES) : Buffer.from(before.fixed, 'base64');
    if (before !== undefined) this.#keys = keysOf(before, nowMs());
  }

  /** For {@link KeyRingState}: whoever gets it opens and makes the same tickets. */
  export(): KeyRingState {
    // Without a key, tickets that are made from now on would be unknown to the other process.
    const keys = this.#valid();
    const next = this.#next === undefined ? [] : [this.#next];
    return keyRingState(this.fixed, [...keys, ...next], this.#nowMs());
  }

  /** Makes the key that comes next. It opens tickets, and makes none before {@link useNext}: so other threads can learn it first. */
  announceNext(): void {
    this.#next ??= makeKey(this.#nowMs());
  }

  /** The announced key makes new tickets from now on. */
  useNext(): void {
    this.#rotate();
  }

  get ageMs(): number | undefined {
    const [current] = this.#keys;
    return current === undefined ? undefined : this.#nowMs() - current.madeAtMs;
  }

  current(): TicketKey {
    return this.#valid()[0] as AgedKey;
  }

  named(name: Buffer): TicketKey | undefined {
    const known = this.#valid().find((key) => key.name.equals(name));
    return known ?? (this.#next?.name.equals(name) === true ? this.#next : undefined);
  }

  /** The current key, made now if the last one is too old, and the one before. */
  #valid(): readonly AgedKey[] {
    const nowMs = this.#nowMs();
    const [first] = this.#keys;
    if (first === undefined || nowMs - first.madeAtMs >= ROTATE_EVERY_MS) this.#rotate();
    return this.#keys.length > 1
      ? this.#keys.filter((key) => nowMs - key.madeAtMs < 2 * ROTATE_EVERY_MS)
      : this.#keys;
  }

  #rotate(): void {
    const nowMs = this.#nowMs();
    const before = this.#keys.filter((key) => nowMs - key.madeAtMs < 2 * ROTATE_EVERY_MS);
    this.#keys = [{ ...(this.#next ?? makeKey(nowMs)), madeAtMs: nowMs }, ...before];
    this.#next = undefined;
  }
}

function makeKey(madeAtMs: number): AgedKey {
  return {
    name: randomBytes(NAME_BYTES),
    hmacKey: randomBytes(HMAC_KEY_BYTES),
    aesKey: randomBytes(AES_KEY_BYTES),
    madeAtMs,
  };
}
