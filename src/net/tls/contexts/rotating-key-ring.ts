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

/** The keys of a ring, in base64, for another process that goes on with them. They are secrets. */
export interface KeyRingState {
  readonly fixed: string;
  /** The key that makes new tickets comes first. */
  readonly keys: readonly {
    readonly name: string;
    readonly hmacKey: string;
    readonly aesKey: string;
    readonly ageMs: number;
  }[];
}

/**
 * A ring that makes its keys itself. They are changed every 12 h, when a ticket is next made or opened, and live in memory only. A ticket
 * that was made with the key before the current one is still taken.
 */
export class RotatingKeyRing implements TicketKeyRing {
  readonly fixed: Buffer;
  readonly #nowMs: () => number;
  /** The key that makes new tickets comes first. */
  #keys: readonly AgedKey[] = [];

  /**
   * @param nowMs the time. Default: a clock that nobody can set
   * @param before the ring that this one goes on with. Default: all keys are made anew
   */
  constructor(nowMs: () => number = () => performance.now(), before?: KeyRingState) {
    this.#nowMs = nowMs;
    this.fixed = before === undefined ? randomBytes(FIXED_KEYS_BYTES) : Buffer.from(before.fixed, 'base64');
    if (before !== undefined) this.#keys = before.keys.map((key) => restored(key, nowMs()));
  }

  /** For {@link KeyRingState}: whoever gets it opens and makes the same tickets. */
  export(): KeyRingState {
    // Without a key, tickets that are made from now on would be unknown to the other process.
    const keys = this.#valid().map(({ name, hmacKey, aesKey, madeAtMs }) => ({
      name: name.toString('base64'),
      hmacKey: hmacKey.toString('base64'),
      aesKey: aesKey.toString('base64'),
      ageMs: this.#nowMs() - madeAtMs,
    }));
    return { fixed: this.fixed.toString('base64'), keys };
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

function restored({ name, hmacKey, aesKey, ageMs }: KeyRingState['keys'][number], nowMs: number): AgedKey {
  return {
    name: Buffer.from(name, 'base64'),
    hmacKey: Buffer.from(hmacKey, 'base64'),
    aesKey: Buffer.from(aesKey, 'base64'),
    madeAtMs: nowMs - ageMs,
  };
}
