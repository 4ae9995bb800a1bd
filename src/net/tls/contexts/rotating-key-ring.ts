import { randomBytes } from 'node:crypto';

import type { TicketKey } from '../../node/tls-internals.ts';
import type { TicketKeyRing } from './ticket-key-ring.ts';

/** A key makes new tickets for so long. After it, it only opens the tickets that it made, for as long again. */
const ROTATE_EVERY_MS = 12 * 60 * 60 * 1000;
const NAME_BYTES = 16;
const HMAC_KEY_BYTES = 32;
const AES_KEY_BYTES = 16;
const FIXED_KEYS_BYTES = 48;

interface AgedKey extends TicketKey {
  readonly madeAtMs: number;
}

/**
 * A ring that makes its keys itself. They are changed every 12 h, when a ticket is next made or opened, and live in memory only. A ticket
 * that was made with the key before the current one is still taken.
 */
export class RotatingKeyRing implements TicketKeyRing {
  readonly fixed = randomBytes(FIXED_KEYS_BYTES);
  readonly #nowMs: () => number;
  /** The key that makes new tickets comes first. */
  #keys: readonly AgedKey[] = [];

  /** @param nowMs The time. Default: a clock that nobody can set. */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  get ageMs(): number | undefined {
    const [current] = this.#keys;
    return current === undefined ? undefined : this.#nowMs() - current.madeAtMs;
  }

  current(): TicketKey {
    return this.#valid()[0] as AgedKey;
  }

  named(name: Buffer): TicketKey | undefined {
    return this.#valid().find((key) => key.name.equals(name));
  }

  /** The current key, made now if the last one is too old, and the one before. */
  #valid(): readonly AgedKey[] {
    const nowMs = this.#nowMs();
    const [first] = this.#keys;
    if (first === undefined || nowMs - first.madeAtMs >= ROTATE_EVERY_MS) {
      this.#keys = [
        makeKey(nowMs),
        ...this.#keys.filter((key) => nowMs - key.madeAtMs < 2 * ROTATE_EVERY_MS),
      ];
    }
    return this.#keys.length > 1
      ? this.#keys.filter((key) => nowMs - key.madeAtMs < 2 * ROTATE_EVERY_MS)
      : this.#keys;
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
