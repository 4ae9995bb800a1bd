import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

import { ByteSocket } from '../sockets/byte-socket.ts';
import { PATIENCE_MS } from '../time/patience.ts';

/** Serves one connection of a backend. A rejection fails no test: tests look at the bytes. */
export type BackendScript = (connection: ByteSocket, index: number) => unknown;

/** A server that keeps the exact bytes of each connection and answers by script. */
export class RecordingBackend {
  readonly connections: ByteSocket[] = [];
  readonly #server: Server;
  readonly #watchers = new Set<() => void>();
  /** With TLS also those whose handshake is not done, which a client may have left half-open. */
  readonly #sockets = new Set<Socket>();

  private constructor(script: BackendScript | undefined, secure: TlsOptions | undefined) {
    const options = { allowHalfOpen: true, noDelay: true };
    const accepted = (socket: Socket): void => {
      const connection = new ByteSocket(socket);
      this.connections.push(connection);
      for (const watcher of [...this.#watchers]) watcher();
      // A script that waits for what never comes ends with its connection; that is no error of its own.
      void (async () => script?.(connection, this.connections.length - 1))().catch(() => undefined);
    };
    this.#server =
      secure === undefined
        ? createServer(options, accepted)
        : createTlsServer({ ...options, ...secure }, accepted);
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  /** With `secure` it speaks TLS, and its connections are those whose handshake succeeded. */
  static async start(script?: BackendScript, secure?: TlsOptions, port = 0): Promise<RecordingBackend> {
    const backend = new RecordingBackend(script, secure);
    backend.#server.listen(port, '127.0.0.1');
    await once(backend.#server, 'listening');
    return backend;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Connections that neither side has closed. */
  get open(): number {
    return this.connections.filter((connection) => !connection.closed).length;
  }

  /** The connection of that number, counted from 0, as soon as it is there. */
  async connection(index: number): Promise<ByteSocket> {
    if (this.connections.length <= index) {
      await new Promise<void>((resolve, reject) => {
        const missing = new Error(`backend connection ${index} never came`);
        const timer = setTimeout(() => reject(missing), PATIENCE_MS);
        const look = (): void => {
          if (this.connections.length <= index) return;
          clearTimeout(timer);
          this.#watchers.delete(look);
          resolve();
        };
        this.#watchers.add(look);
      });
    }
    return this.connections[index]!;
  }

  async close(): Promise<void> {
    const closed = this.#server.listening ? once(this.#server, 'close') : undefined;
    this.#server.close();
    for (const connection of this.connections) connection.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}
