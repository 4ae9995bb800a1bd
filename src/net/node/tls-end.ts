import type { TLSSocket } from 'node:tls';

import { handleOf } from './node-internals.ts';

/** What a TLS handle shows of the connection below it. */
interface TlsHandle {
  /** False while this side has told it not to read. */
  readonly reading?: boolean;
  /** The handle below the TLS. */
  readonly _parent?: { readStart?: () => number; readStop?: () => number };
}

/**
 * Calls `cut` when the peer ends the TCP connection of a TLS socket without the alert close_notify, before the socket emits 'end'. Such an
 * end proves nothing: anyone on the way can make it, to cut off what the peer would still have sent (RFC 8446, section 6.1).
 *
 * Node.js reports both ends in the same way, as OpenSSL gets its bytes from memory and never sees the end of the connection. But after
 * close_notify the connection below is still being read, and after its own end it is not: to begin to read tells the two apart. Where
 * this version of Node.js does not show the connection below, `cut` is never called.
 */
export function onCutEnd(socket: TLSSocket, cut: () => void): void {
  const push = socket.push.bind(socket);
  // The moment counts: when 'end' comes, which may be long after, the connection below may have ended too.
  socket.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
    if (chunk === null && hasEndedBelow(socket)) cut();
    return push(chunk, encoding);
  };
}

/** Whether the connection below a TLS socket has ended, at the moment when the socket learns of an end. */
function hasEndedBelow(socket: TLSSocket): boolean {
  const tls = handleOf(socket) as TlsHandle | undefined;
  const below = tls?._parent;
  if (typeof below?.readStart !== 'function' || typeof below.readStop !== 'function') return false;
  // A connection that is not read can't end: the end came from bytes that were read before.
  if (tls?.reading === false) return false;
  // An error says that it is being read already.
  if (below.readStart() !== 0) return false;
  below.readStop();
  return true;
}
