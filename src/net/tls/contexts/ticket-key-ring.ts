import { randomBytes } from 'node:crypto';
import type { SecureContext } from 'node:tls';

import { setTicketKeys, useTicketKeys, type TicketKey } from '../../node/tls-internals.ts';

/** A key makes new tickets for so long. After it, it only opens the tickets that it made, for as long again. */
const ROTATE_EVERY_MS = 12 * 60 * 60 * 1000;
const NAME_BYTES = 16;
const HMAC_KEY_BYTES = 32;
const AES_KEY_BYTES = 16;

/** Keys of a context that takes no part in rotation, in the form that Node.js takes. */
const STATIC_KEYS_BYTES = 48;

interface AgedKey extends TicketKey {
  readonly madeAtMs: number;
}

/**
 * The keys by which session tickets are made and opened. All contexts of the process share them, so a client resumes its session after an
 * edit, and with whichever certificate. The keys are changed every 12 h and live in memory only. A ticket that was made with
 * the key before the current one is still taken.
 */
export class TicketKeyRing {
  readonly #nowMs: () => number;
  /** The key that makes new tickets comes first. */
  #keys: readonly AgedKey[] = [];
  readonly #staticKeys = randomBytes(STATIC_KEYS_BYTES);

  /** @param nowMs The time. Default: a clock that nobody can set. */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /**
   * Has a context use the ring. A version of Node.js that can't ask for a key gets one key for the life of the process, so that sessions
   * are resumed over edits there too.
   */
  attach(context: SecureContext): void {
    const isAsked = useTicketKeys(context, {
      current: () => this.#current(),
      named: (name) => this.#named(name),
    });
    if (!isAsked) setTicketKeys(context, this.#staticKeys);
  }

  /** How long the key that makes new tickets has been in use; undefined while no ticket was made. */
  get ageMs(): number | undefined {
    const [current] = this.#keys;
    return current === undefined ? undefined : this.#nowMs() - current.madeAtMs;
  }

  #current(): AgedKey {
    return this.#valid()[0] as AgedKey;
  }

  #named(name: Buffer): TicketKey | undefined {
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
