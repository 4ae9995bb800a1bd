import {
  checkServerIdentity,
  connect,
  type ConnectionOptions,
  type PeerCertificate,
  type TLSSocket,
} from 'node:tls';

import type { BackendContext } from './backend-context.ts';
import type { ServerIdentity } from './server-identity.ts';

/**
 * Begins a TLS connection to a backend. OpenSSL checks the certificate, but ends no handshake for it: whoever opens the connection asks
 * {@link rejectionOf} at 'secureConnect', when what the certificate says is still known, and sends nothing before.
 */
export function openTls(
  context: BackendContext,
  { name, sni }: ServerIdentity,
  options: ConnectionOptions,
): TLSSocket {
  const { alpnProtocols } = context.settings;
  return connect({
    ...options,
    secureContext: context.secureContext,
    rejectUnauthorized: false,
    checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate),
    ...(sni !== undefined && { servername: sni }),
    ...(alpnProtocols.length > 0 && { ALPNProtocols: [...alpnProtocols] }),
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
