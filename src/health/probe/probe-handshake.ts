import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

import { formatAddress, type Address } from '../../config/values/address.ts';
import { handshakeReasonOf, messageOf, type HandshakeReason } from '../../errors.ts';
import type { BackendContext } from '../../net/dial/tls/backend-context.ts';
import { handshakeError } from '../../net/dial/tls/handshake-error.ts';
import { openTls, rejectionOf, type Rejection } from '../../net/dial/tls/open-tls.ts';
import { serverIdentityOf, type ServerIdentity } from '../../net/dial/tls/server-identity.ts';
import type { HandshakeOutcome } from '../../readings/handshake.ts';

/** One handshake of a probe: its other end, and the observer of its outcome. */
export interface ProbeHandshakeTask {
  readonly context: BackendContext;
  readonly address: Address;
  /** What is offered by ALPN where the settings of the context name nothing. */
  readonly alpn: readonly string[];
  /** Called once when the handshake has ended, unless the probe is given up before. Must not throw. */
  readonly onHandshake: ((outcome: HandshakeOutcome) => void) | undefined;
}

/**
 * The TLS handshake of a probe. Each probe makes a whole one, without an earlier session, so that it sees the certificate as it is now.
 */
export class ProbeHandshake {
  readonly #task: ProbeHandshakeTask;
  readonly #identity: ServerIdentity;
  readonly #failed: (failure: string) => void;
  readonly #beganAtMs = performance.now();
  #isOver = false;

  /**
   * @param ready is called when the backend has proved who it is
   * @param failed is called with the reason in words when the connection fails, in the handshake or later
   */
  constructor(
    task: ProbeHandshakeTask,
    socket: Socket,
    ready: (secure: TLSSocket) => void,
    failed: (failure: string) => void,
  ) {
    this.#task = task;
    this.#failed = failed;
    const { context, address, alpn } = task;
    const { settings } = context;
    this.#identity = serverIdentityOf(address, settings.serverName);
    const secure = openTls(context, this.#identity, settings.alpnProtocols ?? alpn, { socket });
    secure.on('error', (error: Error) => {
      this.#reject({ error, certificate: undefined });
    });
    secure.once('secureConnect', () => {
      const rejection = rejectionOf(secure, context);
      if (rejection !== undefined) {
        this.#reject(rejection);
        return;
      }
      this.#succeed(secure);
      ready(secure);
    });
  }

  /** The connection has ended below the TLS. */
  lost(error?: Error): void {
    this.#giveUp(error === undefined ? 'peer_left' : handshakeReasonOf(error), error);
  }

  /** The time of the probe is over. */
  expire(): void {
    this.#giveUp('timeout');
  }

  #reject({ error, certificate }: Rejection): void {
    this.#giveUp(handshakeReasonOf(error), error);
    const address = formatAddress(this.#task.address);
    this.#failed(handshakeError({ address, identity: this.#identity, error, certificate }).message);
  }

  #succeed(secure: TLSSocket): void {
    const { standardName } = secure.getCipher() as { standardName?: string };
    this.#report({
      status: 'ok',
      version: secure.getProtocol() ?? '',
      cipher: standardName,
      resumed: secure.isSessionReused(),
    });
  }

  #giveUp(reason: HandshakeReason, error?: Error): void {
    const status = reason === 'timeout' ? 'timeout' : reason === 'peer_left' ? 'aborted' : 'failed';
    this.#report({ status, reason, detail: error && messageOf(error) });
  }

  #report(outcome: Omit<HandshakeOutcome, 'durationMs' | 'address' | 'sni'>): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { address, onHandshake } = this.#task;
    const durationMs = performance.now() - this.#beganAtMs;
    onHandshake?.({ durationMs, address: formatAddress(address), sni: this.#identity.sni, ...outcome });
  }
}
