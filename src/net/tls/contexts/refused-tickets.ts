import type { TicketWatch } from '../../node/tls-internals.ts';
import { OwnTicketSet, type TicketSet } from './ticket-set.ts';

/** So many tickets of handshakes that are not decided are known at most. */
const MOST_FRESH = 8;

/**
 * The tickets of clients that were refused by their certificate. A session remembers that certificate, so a client that has got a better one
 * must not resume it: the proxy would never see the new one.
 *
 * OpenSSL does not say whose ticket it makes. A handshake of TLS 1.3 makes its tickets right after it is decided, one of TLS 1.2 right before.
 * When many end in one turn of the event loop, tickets may be mistaken: a client that was let in makes a full handshake, or one that was
 * refused is refused once more.
 */
export class RefusedTickets implements TicketWatch {
  /** An old one that is forgotten only gets its client refused once more. */
  readonly #known: TicketSet;
  /** Those of handshakes that are not decided yet. */
  #fresh: string[] = [];
  /** Whether the last handshake of this turn was refused; undefined when none has ended in it. */
  #isRefused: boolean | undefined;

  /** @param known where the tickets of refused clients are kept. Default: a set of this thread's own */
  constructor(known: TicketSet = new OwnTicketSet()) {
    this.#known = known;
  }

  made(iv: Buffer): void {
    if (this.#isRefused === false) return;
    const ticket = iv.toString('latin1');
    if (this.#isRefused === true) this.#known.add(ticket);
    else if (this.#fresh.push(ticket) > MOST_FRESH) this.#fresh.shift();
  }

  takes(iv: Buffer): boolean {
    return this.#known.isEmpty || !this.#known.has(iv.toString('latin1'));
  }

  /** A handshake has just ended. */
  decided(isRefused: boolean): void {
    if (isRefused) for (const ticket of this.#fresh) this.#known.add(ticket);
    this.#fresh = [];
    if (this.#isRefused === undefined) setImmediate(this.#turnEnds);
    this.#isRefused = isRefused;
  }

  readonly #turnEnds = (): void => {
    this.#isRefused = undefined;
  };
}
