import type {
  ConnectionRoute,
  Endpoint,
  ProxyHeader,
  TlsSession,
  Transport,
} from '../../plugin-api/index.ts';
import type { Flow } from './traffic.ts';
import type { Handle, ReadingOptions } from '../node/node-internals.ts';
import type { StreamSocket } from './stream-socket.ts';

/** Makes a socket over the handle of another one. `unread` came from the old socket and nobody has read it yet. */
export type SocketMaker = (handle: Handle, onread: ReadingOptions, unread: readonly Buffer[]) => StreamSocket;

/** A transport as the core sees it, which owns it: what a protocol sees, and what listeners, layers and pools need beyond that. */
export interface OwnedTransport extends Transport, Flow {
  /** Set by a layer that knows the real address, such as one that reads a PROXY header. */
  peer: Endpoint;
  local: Endpoint;
  /** Set by the layer that made the TLS handshake. */
  tls: TlsSession | undefined;
  /** Set by the layer that reads a PROXY header. */
  proxy: ProxyHeader | undefined;
  /** Set by the layer that read the ClientHello, when the connection is passed on undecrypted. */
  route: ConnectionRoute | undefined;
  /** True while there is a reader, until that reader was told that the transport is closed. */
  readonly hasReader: boolean;
  /** Calls `notice` when the transport is closed, before its reader is told. There is one owner: a second call replaces the first. */
  whenClosed(notice: () => void): void;
  /**
   * Takes the reader away: it is not called any more. The next reader first gets `unread`, the bytes that this reader got and did not
   * use, and then the bytes that arrive in between.
   */
  releaseReader(unread?: Buffer): void;
  /**
   * Replaces the socket below this transport, as a TLS layer does. Nothing may have been written yet. Returns false, without any
   * effect, when this version of Node.js does not give access to the handle.
   */
  replaceSocket(make: SocketMaker): boolean;
  /** Ends both directions with a reset. The reader gets `error`; absent when the reader itself resets the transport. */
  reset(error?: Error): void;
}
