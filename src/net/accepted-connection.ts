import type { Connection, ConnectionHandler, ProtocolInstance } from '../plugin-api/index.ts';
import type { Listener } from './listener.ts';
import type { SocketStream } from './socket-stream.ts';

/** The ends of an accepted socket, read once: later the socket may be gone. */
export interface Endpoints {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
}

/** A downstream connection, owned by the listener that accepted it. */
export class AcceptedConnection implements Connection {
  readonly id: number;
  readonly stream: SocketStream;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly secure = false;
  /** Set by the listener once the protocol took the connection over. */
  handler: ConnectionHandler | undefined;
  readonly #listener: Listener;

  constructor(id: number, stream: SocketStream, ends: Endpoints, listener: Listener) {
    this.id = id;
    this.stream = stream;
    this.remoteAddress = ends.remoteAddress;
    this.remotePort = ends.remotePort;
    this.localAddress = ends.localAddress;
    this.localPort = ends.localPort;
    this.#listener = listener;
  }

  get listener(): string {
    return this.#listener.name;
  }

  get draining(): boolean {
    return this.#listener.draining;
  }

  get current(): ProtocolInstance {
    return this.#listener.instance;
  }
}
