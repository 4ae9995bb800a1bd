import type { TicketKey } from '../../node/tls-internals.ts';

/** A key of session tickets, and when it was made by the clock of its ring. */
export interface AgedKey extends TicketKey {
  readonly madeAtMs: number;
}

/** The keys of a ring, in base64, for another thread or process that uses them too. They are secrets. */
export interface KeyRingState {
  /** As `TicketKeyRing.fixed`. */
  readonly fixed: string;
  /** The key that makes new tickets comes first. */
  readonly keys: readonly {
    readonly name: string;
    readonly hmacKey: string;
    readonly aesKey: string;
    readonly ageMs: number;
  }[];
}

/** The state of a ring with these keys. */
export function keyRingState(fixed: Buffer, keys: readonly AgedKey[], nowMs: number): KeyRingState {
  return {
    fixed: fixed.toString('base64'),
    keys: keys.map(({ name, hmacKey, aesKey, madeAtMs }) => ({
      name: name.toString('base64'),
      hmacKey: hmacKey.toString('base64'),
      aesKey: aesKey.toString('base64'),
      ageMs: nowMs - madeAtMs,
    })),
  };
}

/** The keys of a state, with their times by another clock. */
export function keysOf({ keys }: KeyRingState, nowMs: number): readonly AgedKey[] {
  return keys.map(({ name, hmacKey, aesKey, ageMs }) => ({
    name: Buffer.from(name, 'base64'),
    hmacKey: Buffer.from(hmacKey, 'base64'),
    aesKey: Buffer.from(aesKey, 'base64'),
    madeAtMs: nowMs - ageMs,
  }));
}
