import { AddressRates, type ClientRates } from './address-rates.ts';
import { Entrants, type Entrant } from './entrants.ts';
import type { HandshakeTurns } from './handshake-turns.ts';

export interface HandshakeLimits {
  /** Handshakes at the same time; 0: no limit. As many connections again may wait for their ClientHello. */
  readonly maxHandshakes: number;
  /** New connections of one client address within a second; 0: no limit. */
  readonly maxPerAddress: number;
}

/** Why a connection may not begin a handshake, as a code of `HANDSHAKE_REASONS`. */
export type GateReason = 'too_many_handshakes' | 'address_rate';

/**
 * Bounds the handshakes of one listener. It outlives edits of the config; each connection brings the limits that count when it comes.
 *
 * A full gate does not refuse who comes next, because a flood of half-done handshakes would then lock everybody out until they time out.
 * The oldest connection leaves instead. The ones that have not sent their whole ClientHello and the ones that have are counted apart, each with the
 * same limit: connections that send nothing never end a handshake that was begun, and those that begin handshakes and do not go on never end a
 * connection that just arrived. So a client is served if it is faster than the flood takes to fill the gate once.
 */
export class HandshakeGate {
  readonly #turns: HandshakeTurns;
  readonly #rates: ClientRates;
  readonly #hellos = new Entrants();
  readonly #handshakes = new Entrants();
  /** What waits for a turn of the event loop. */
  readonly #waiting = new Map<Entrant, () => void>();

  /** @param rates counts the connections of each client address. Default: those of this gate alone */
  constructor(turns: HandshakeTurns, rates: ClientRates = new AddressRates()) {
    this.#turns = turns;
    this.#rates = rates;
  }

  /** Connections that have not sent their whole ClientHello. */
  get hellosAwaited(): number {
    return this.#hellos.size;
  }

  /** Handshakes that are under way, from the whole ClientHello on. */
  get handshakes(): number {
    return this.#handshakes.size;
  }

  /** A connection was accepted, and its ClientHello is read now. Returns the reason if it must be closed instead; it has not entered then. */
  enter(entrant: Entrant, { maxHandshakes, maxPerAddress }: HandshakeLimits): GateReason | undefined {
    if (!this.#rates.takes(entrant.clientAddress, maxPerAddress, performance.now())) return 'address_rate';
    this.#makeRoom(this.#hellos, maxHandshakes);
    this.#hellos.add(entrant);
    return undefined;
  }

  /**
   * The ClientHello of a connection is complete, and is to be answered. `compute` makes the first and expensive part of the handshake: now,
   * or in a later turn of the event loop if others were computed in this one. It is not called if the connection has left by then. It
   * must not throw.
   */
  begin(entrant: Entrant, { maxHandshakes }: HandshakeLimits, compute: () => void): void {
    if (!this.#hellos.delete(entrant)) return;
    this.#makeRoom(this.#handshakes, maxHandshakes);
    this.#handshakes.add(entrant);
    const work = (): void => {
      this.#waiting.delete(entrant);
      compute();
    };
    this.#waiting.set(entrant, work);
    this.#turns.run(work);
  }

  /** The handshake is done, or the connection ends, or it is passed on undecrypted. May be called more than once. */
  leave(entrant: Entrant): void {
    if (this.#hellos.delete(entrant)) return;
    if (this.#handshakes.delete(entrant)) this.#cancel(entrant);
  }

  #makeRoom(entrants: Entrants, limit: number): void {
    if (limit === 0) return;
    // More than one have to leave after an edit that lowered the limit.
    while (entrants.size >= limit) {
      const leaving = entrants.dispensable;
      if (leaving === undefined) return;
      this.leave(leaving);
      leaving.evicted();
    }
  }

  #cancel(entrant: Entrant): void {
    const work = this.#waiting.get(entrant);
    if (work === undefined) return;
    this.#waiting.delete(entrant);
    this.#turns.cancel(work);
  }
}
