import { createHash, createHmac } from 'node:crypto';

/** Bytes of the HMAC that a token has: 128 bits, which nobody guesses. */
const TOKEN_BYTES = 16;
/** A value of another form may follow one day: old cookies must not be taken for it. */
const VERSION = 'v1.';

/**
 * Makes tokens by which an upstream knows again which backend a client belongs to. A token says nothing about the backend to who does not
 * have the key, and nobody can make one without it.
 */
export class SessionTokens {
  readonly #key: string;
  readonly #upstream: string;

  constructor(key: string, upstream: string) {
    this.#key = key;
    this.#upstream = upstream;
  }

  /** The token of the backend with that name: the same for as long as both names and the key are. */
  of(backend: string): string {
    // The length keeps the two names apart, whatever is in them.
    const named = `${String(this.#upstream.length)} ${this.#upstream}${backend}`;
    const digest = createHmac('sha256', this.#key).update(named).digest();
    return VERSION + digest.subarray(0, TOKEN_BYTES).toString('base64url');
  }
}

/** The name of an upstream's cookie where the config gives none: two upstreams of one site must not share a cookie. */
export function cookieNameOf(upstream: string): string {
  return `balance_${createHash('sha256').update(upstream).digest('hex').slice(0, 8)}`;
}
