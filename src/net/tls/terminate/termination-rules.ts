import type { HandshakeObserver } from '../../../readings/handshake.ts';
import type { SniDecider } from './sni-decision.ts';

/** How a listener makes its handshakes. */
export interface TerminationRules {
  /** Name of the listener. */
  readonly listener: string;
  readonly decider: SniDecider;
  /** The protocols that ALPN may choose, preferred ones first; empty: ALPN is not answered. */
  readonly alpn: readonly string[];
  /** Hears of each handshake. Default: nobody does. */
  readonly observer?: Partial<HandshakeObserver> | undefined;
}
