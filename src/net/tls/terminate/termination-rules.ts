import type { HandshakeObserver, HandshakeRecord } from '../../../readings/handshake.ts';
import type { HandshakeGate, HandshakeLimits } from '../protection/handshake-gate.ts';
import type { TlsAcceptor } from './tls-acceptor.ts';
import type { SniDecider } from './sni-decision.ts';

/** The gate of a listener, and the limits that one config sets for it. */
export interface HandshakeBound {
  readonly gate: HandshakeGate;
  readonly limits: HandshakeLimits;
}

/** How a listener makes its handshakes. */
export interface TerminationRules {
  /** Name of the listener, or of the server for operators. */
  readonly listener: string;
  /** Whose clients they are. Default: those of a listener. */
  readonly side?: HandshakeRecord['side'];
  readonly decider: SniDecider;
  /** The protocols that ALPN may choose, preferred ones first; empty: ALPN is not answered. */
  readonly alpn: readonly string[];
  /** Whether the protocol is HTTP: then a client whose certificate is not accepted is told why, by an answer 400. Default: false. */
  readonly speaksHttp?: boolean | undefined;
  /**
   * Whether only clients with a trusted certificate resume their sessions, where certificates are asked for: for protocols that refuse what
   * others ask for, so that these can show a certificate later. Default: false.
   */
  readonly resumesTrustedOnly?: boolean | undefined;
  /** Bounds the handshakes of the listener. Default: there is no bound. */
  readonly bound?: HandshakeBound | undefined;
  /** Puts TLS over connections. Default: {@link acceptOverHandle}. */
  readonly acceptor?: TlsAcceptor | undefined;
  /** Gets each handshake that is over. Default: nobody does. */
  readonly observer?: Partial<HandshakeObserver> | undefined;
}
