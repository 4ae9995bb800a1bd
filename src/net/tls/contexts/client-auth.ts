import { createHash } from 'node:crypto';

import type { ServerTls } from '../../node/tls-internals.ts';
import { MissingCertificate, untrustedClient } from '../untrusted-client.ts';

/**
 * What is asked of clients. `request`: a certificate, if they have one; `require`: any certificate; `verify`: none or a trusted one;
 * `require-and-verify`: a trusted one. The same as `ClientAuthType` of Go's crypto/tls.
 */
export type ClientAuthMode = 'none' | 'request' | 'require' | 'verify' | 'require-and-verify';

export interface ClientAuthSettings {
  readonly mode: ClientAuthMode;
  /** The authorities that are trusted, in PEM. */
  readonly ca?: string | undefined;
  /** Lists of certificates that were taken back, in PEM. */
  readonly crl?: string | undefined;
}

/** A certificate policy: what is asked of the clients that get a certificate. */
export class ClientAuthPolicy {
  readonly mode: ClientAuthMode;
  /** Two policies with the same id ask for the same. Sessions are resumed within it only. */
  readonly id: string;

  constructor({ mode, ca, crl }: ClientAuthSettings) {
    this.mode = mode;
    this.id =
      mode === 'none'
        ? mode
        : createHash('sha256')
            .update(JSON.stringify([mode, ca, crl]))
            .digest('hex');
  }

  get clientCertificate(): 'none' | 'asked' | 'needed' {
    if (this.mode === 'none') return 'none';
    return this.mode === 'request' || this.mode === 'verify' ? 'asked' : 'needed';
  }

  /** Why a client must not be let in, after its handshake; undefined when it may. */
  refusalOf(socket: ServerTls): Error | undefined {
    const { mode } = this;
    if (mode === 'none' || mode === 'request') return undefined;
    if (socket.getPeerX509Certificate() === undefined)
      return mode === 'verify' ? undefined : new MissingCertificate();
    return mode === 'require' ? undefined : untrustedClient(socket, socket.verifyError);
  }
}
