import { TicketKeyRing } from '../../net/tls/contexts/ticket-key-ring.ts';
import { HandshakeTurns } from '../../net/tls/protection/handshake-turns.ts';
import { ReadBuffers } from '../../net/transport/memory/read-buffers.ts';
import type { HandshakeObserver } from '../../readings/handshake.ts';

/** What the TLS of all admin and metrics servers shares, over edits too. */
export class AdminTlsParts {
  /** Clients resume their sessions with another certificate, because its tickets have the same keys. */
  readonly ring = new TicketKeyRing();
  readonly turns = new HandshakeTurns();
  readonly handshakes: HandshakeObserver | undefined;
  #buffers: ReadBuffers | undefined;

  /** @param handshakes Hears of each handshake. Default: nobody does. */
  constructor(handshakes?: HandshakeObserver) {
    this.handshakes = handshakes;
  }

  /** Made when the first server has TLS. */
  get buffers(): ReadBuffers {
    return (this.#buffers ??= new ReadBuffers());
  }
}
