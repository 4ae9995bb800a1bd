import type { BalanceError } from '../../errors.ts';
import type { OwnedTransport } from '../transport/owned-transport.ts';

/**
 * A step between accepting a connection and handing it to a protocol, such as reading a PROXY header, looking into a ClientHello, or a
 * TLS handshake. A listener runs its layers one after the other.
 *
 * A layer may read from the transport, give bytes back that it read too far (`unread`), set another `peer`, put another socket
 * below the transport (`replaceSocket`), or answer with a transport of its own around it.
 */
export interface TransportLayer {
  /** For log lines and error messages, as in `TLS handshake`. */
  readonly name: string;
  /** How long it may take for one connection. */
  readonly timeoutMs: number;
  /** Whether the layer itself tells why it failed, so that nobody else need log it. Default: false. */
  readonly tellsFailures?: boolean;
  /**
   * Begins with one connection. Answers with one call of `ready` or `failed`, before this returns or later; calls that come after the
   * connection was ended have no effect. The layer itself does not end the connection: `failed` does, with everything that waits to be sent.
   *
   * @param ready takes the transport that the next layer, or the protocol, gets: mostly `raw` itself. The layer no longer reads then.
   * @param failed takes the reason, for the log.
   * @returns the running layer, to be stopped if the connection ends before the answer; undefined when there is nothing to stop
   */
  open(
    raw: OwnedTransport,
    ready: (transport: OwnedTransport) => void,
    failed: (error: BalanceError) => void,
  ): LayerRun | undefined;
}

/** A layer at work on one connection. */
export interface LayerRun {
  /** The connection has ended, or the layer took too long: clear timers and other resources. Must not throw. */
  destroy(): void;
}
