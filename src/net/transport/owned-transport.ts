import type { Endpoint, TlsSession, Transport } from '../../plugin-api/index.ts';
import type { Flow } from './traffic.ts';
import type { Handle } from '../node/node-internals.ts';
import type { ReadingOptions } from './handle-socket.ts';
import type { StreamSocket } from './stream-socket.ts';

/** Makes a socket over the handle of another one. `unread` came from the old socket and nobody has read it yet. */
export type SocketMaker = (handle: Handle, onread: ReadingOptions, unread: readonly Buffer[]) => StreamSocket;

/** A transport as the core sees it, which owns it: what a protocol sees, and what listeners, layers and pools need beyond that. */
export interface OwnedTransport extends Transport, Flow {
  /** Set by a layer that knows better than the system, as one that reads a PROXY header. */
  peer: Endpoint;
  local: Endpoint;
  /** Set by the layer that made the TLS handshake. */
  tls: TlsSession | undefined;
  /** True while somebody reads, until that reader was told that the transport is closed. */
  readonly hasReader: boolean;
  /** The owner's own notice of the end, in addition to the reader's. There is one owner: a second call replaces the first. */
  whenClosed(notice: () => void): void;
  /**
   * The reader is done before the transport is: it hears nothing more. The next reader gets `unread` first, the bytes that this one read
   * and did not use. What arrives in between is kept for the next reader too.
   */
  releaseReader(unread?: Buffer): void;
  /**
   * Puts another socket in the place of the one below, as TLS does, for everybody who holds this transport. Nobody may have written
   * yet. Returns false, without any effect, when the runtime does not let the handle be had.
   */
  replaceSocket(make: SocketMaker): boolean;
  /** Ends both directions with a reset. The reader is told `error`, where it was not the reader who asked for this. */
  reset(error?: Error): void;
}
