import {
  checkServerIdentity,
  connect,
  type ConnectionOptions,
  type DetailedPeerCertificate,
  type PeerCertificate,
  type TLSSocket,
} from 'node:tls';

import type { BackendContext } from './backend-context.ts';
import type { ServerIdentity } from './server-identity.ts';

/**
 * Begins a TLS connection to a backend. OpenSSL checks the certificate, but ends no handshake for it: whoever opens the connection asks
 * {@link rejectionOf} at 'secureConnect', when what the certificate says is still known, and sends nothing before.
 *
 * @param alpn the protocols that are offered by ALPN
 * @param shown called with the chain that a backend has shown and that OpenSSL trusts, before its names are checked. A session that is
 *   resumed shows none
 */
export function openTls(
  { secureContext }: BackendContext,
  { name, sni }: ServerIdentity,
  alpn: readonly string[],
  options: ConnectionOptions,
  shown?: (chain: DetailedPeerCertificate) => void,
): TLSSocket {
  return connect({
    ...options,
    secureContext,
    ...(alpn.length > 0 && { ALPNProtocols: [...alpn] }),
    rejectUnauthorized: false,
    checkServerIdentity: (_host, certificate) => {
      // Node.js gives all of the chain, also where its types say otherwise.
      shown?.(certificate as DetailedPeerCertificate);
      return checkServerIdentity(name, certificate);
    },
    ...(sni !== undefined && { servername: sni }),
  });
}

/** Why a backend is not trusted, and its certificate. */
export interface Rejection {
  readonly error: Error;
  /** Undefined when it showed none. */
  readonly certificate: PeerCertificate | undefined;
}

/** Undefined when the backend has proved who it is, or need not. */
export function rejectionOf(socket: TLSSocket, { settings }: BackendContext): Rejection | undefined {
  if (!settings.isVerified || socket.authorized) return undefined;
  const certificate = socket.getPeerCertificate() as PeerCertificate | null;
  const isShown = certificate !== null && Object.keys(certificate).length > 0;
  return { error: authorizationError(socket), certificate: isShown ? certificate : undefined };
}

/** Node.js keeps only the code of some errors. */
function authorizationError(socket: TLSSocket): Error {
  const { authorizationError: kept } = socket as unknown as { readonly authorizationError: unknown };
  if (kept instanceof Error) return kept;
  const code = String(kept);
  return Object.assign(new Error(code), { code });
}
