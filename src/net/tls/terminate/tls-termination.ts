import type { BalanceError } from '../../../errors.ts';
import type { LayerRun, TransportLayer } from '../../layers/layer.ts';
import type { OwnedTransport } from '../../transport/owned-transport.ts';
import { ClientHandshake } from './client-handshake.ts';
import type { HandshakeBound, TerminationRules } from './termination-rules.ts';

/**
 * Reads the ClientHello of a connection, and makes the TLS handshake with the certificate that its name gets. A connection that is passed
 * through by its name keeps all its bytes.
 */
export class TlsTermination implements TransportLayer {
  readonly name = 'TLS handshake';
  readonly tellsFailures = true;
  readonly timeoutMs: number;
  readonly #rules: TerminationRules;

  constructor(rules: TerminationRules, timeoutMs: number) {
    this.#rules = rules;
    this.timeoutMs = timeoutMs;
  }

  /** The gate that the handshakes go through; undefined when nothing bounds them. */
  get bound(): HandshakeBound | undefined {
    return this.#rules.bound;
  }

  open(
    raw: OwnedTransport,
    ready: (transport: OwnedTransport) => void,
    failed: (error: BalanceError) => void,
  ): LayerRun {
    const handshake = new ClientHandshake(this.#rules, raw, ready, failed);
    handshake.start();
    return handshake;
  }
}
