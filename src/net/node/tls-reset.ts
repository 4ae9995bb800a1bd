import { handleOf, markForReset } from './node-internals.ts';

/** What a TLS socket reads and writes its records with. */
interface TlsHandle {
  reset?: (closed: () => void) => number;
  /** The handle below the TLS. */
  readonly _parent?: { readonly reset?: (closed: () => void) => number };
  /** The socket below the TLS, when the TLS was put over one. */
  readonly _parentWrap?: object | null;
}

/**
 * Makes a TLS socket reset its connection when it is destroyed. The handle of the TLS can't do that, but what is below it can. No effect
 * when that can't either, as for a unix socket.
 */
export function markTlsForReset(socket: object): void {
  const tls = handleOf(socket) as TlsHandle | undefined;
  const below = tls?._parent;
  if (tls === undefined || typeof below?.reset !== 'function') return;
  if (tls._parentWrap !== null && tls._parentWrap !== undefined) {
    markForReset(tls._parentWrap);
    return;
  }
  tls.reset = (closed) => below.reset?.(closed) ?? 0;
  markForReset(socket);
}
