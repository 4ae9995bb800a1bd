import { RotatingKeyRing } from '../../net/tls/contexts/rotating-key-ring.ts';
import { HandshakeTurns } from '../../net/tls/protection/handshake-turns.ts';
import { chooseAcceptor, type TlsAcceptor } from '../../net/tls/terminate/tls-acceptor.ts';
import { ReadBuffers } from '../../net/transport/memory/read-buffers.ts';
import type { HandshakeObserver } from '../../readings/handshake.ts';

/** What the TLS of all admin and metrics servers shares, over edits too. */
export class AdminTlsParts {
  /** Clients resume their sessions with another certificate, because its tickets have the same keys. */
  readonly ring = new RotatingKeyRing();
  readonly turns = new HandshakeTurns();
  readonly handshakes: HandshakeObserver | undefined;
  #acceptor: TlsAcceptor | undefined;
  #buffers: ReadBuffers | undefined;

  /**
   * @param handshakes Gets each handshake that is over. Default: nobody does.
   * @param acceptor Puts TLS over connections. Default: the way that this version of Node.js allows.
   */
  constructor(handshakes?: HandshakeObserver, acceptor?: TlsAcceptor) {
    this.handshakes = handshakes;
    this.#acceptor = acceptor;
  }

  /** Chosen when the first server has TLS. */
  get acceptor(): TlsAcceptor {
    return (this.#acceptor ??= chooseAcceptor());
  }

  /** Made when the first server has TLS. */
  get buffers(): ReadBuffers {
    return (this.#buffers ??= new ReadBuffers());
  }
}
