import type { ConnectionHandler } from '../../plugin-api/index.ts';
import type { SocketTransport } from '../transport/socket-transport.ts';

/**
 * How long a protocol may leave a connection unread. It should read before `handle` returns; this is for one that first waits for
 * a lease or for something else.
 */
const UNREAD_LIMIT_MS = 5_000;

/** Whether a protocol gave back for a connection what the plugin API asks for. */
export function isHandler(given: unknown): given is ConnectionHandler {
  return typeof (given as Partial<ConnectionHandler> | null | undefined)?.drain === 'function';
}

/** Calls `unread` when nobody has begun to read the stream in time. */
export function expectReader(stream: SocketTransport, unread: (limitMs: number) => void): void {
  setTimeout(() => {
    if (!stream.hasReader && !stream.destroyed) unread(UNREAD_LIMIT_MS);
  }, UNREAD_LIMIT_MS).unref();
}
