import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

import { owned } from '../owned.ts';

export interface CountingOptions {
  /** How long each request takes. */
  readonly workMs?: number;
  /** True: speaks HTTP, and keeps connections. False: answers `ok` to the first bytes of a connection, and ends it. */
  readonly isHttp?: boolean;
}

/**
 * A server that counts what runs at a time. A request counts from its first byte until just before the last byte of its answer is sent, or
 * until the peer has ended the connection: so a proxy can't be to blame for one that counts longer than it does there.
 */
export class CountingBackend {
  /** Requests that run. */
  running = 0;
  /** The most that ran at a time, since this was set to 0. */
  most = 0;
  /** Requests that came. */
  requests = 0;
  /** The most connections that were open at a time. */
  mostOpen = 0;
  readonly #open = new Set<Socket>();
  readonly #server: Server;
  readonly #options: CountingOptions;
  /** Resolves when requests may be answered. */
  #gate: Promise<void> = Promise.resolve();

  private constructor(options: CountingOptions) {
    this.#options = options;
    this.#server = createServer({ noDelay: true }, (socket) => {
      this.#serve(socket);
    });
  }

  /** One that ends with the test. */
  static async start(options: CountingOptions = {}): Promise<CountingBackend> {
    const backend = owned(new CountingBackend(options));
    backend.#server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 });
    await once(backend.#server, 'listening');
    return backend;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Answers nothing until the returned function is called. */
  hold(): () => void {
    let open: () => void = () => undefined;
    this.#gate = new Promise((resolve) => {
      open = resolve;
    });
    return open;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#open) socket.destroy();
  }

  #serve(socket: Socket): void {
    this.#open.add(socket);
    this.mostOpen = Math.max(this.mostOpen, this.#open.size);
    let isRunning = false;
    const end = (): void => {
      if (isRunning) this.running -= 1;
      isRunning = false;
    };
    socket.on('data', () => {
      isRunning = true;
      this.requests += 1;
      this.running += 1;
      this.most = Math.max(this.most, this.running);
      void this.#gate.then(() => {
        setTimeout(() => {
          if (!isRunning) return;
          end();
          if (this.#options.isHttp === true) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
          else socket.end('ok');
        }, this.#options.workMs ?? 1);
      });
    });
    socket.on('end', end);
    socket.on('error', end);
    socket.on('close', () => {
      end();
      this.#open.delete(socket);
    });
  }
}
