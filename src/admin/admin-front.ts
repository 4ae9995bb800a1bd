import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Server, Socket } from 'node:net';
import type { AdminTlsFiles } from './admin-credentials.ts';

const HEAD_TIMEOUT_MS = 10_000;
const HANDSHAKE_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_TIMEOUT_MS = 20_000;
/** Someone who stops reading a long answer must not hold it for ever. */
const SILENCE_TIMEOUT_MS = 60_000;
const MAX_HEADER_SIZE_BYTES = 16_384;

/** One connection over which requests come. */
interface Client {
  /** Requests whose answers are under way. */
  running: number;
  /** Ends a client that takes too long for the head of its next request, however many bytes of it trickle in. */
  deadline: NodeJS.Timeout;
}

export type Serve = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/**
 * HTTP or HTTPS over connections that somebody else accepted. So a bound address can change from one to the other, and
 * take another certificate, without being bound again.
 */
export class AdminFront {
  readonly #server: Server;
  readonly #clients = new Map<Socket, Client>();
  #draining = false;

  /** `serve` must not reject. Throws when the certificate can't be used. */
  constructor(serve: Serve, tls: AdminTlsFiles | undefined) {
    const shared = { keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS, maxHeaderSize: MAX_HEADER_SIZE_BYTES };
    const take = (request: IncomingMessage, response: ServerResponse): void => {
      void this.#serve(request, response, serve);
    };
    if (tls === undefined) {
      const server = createHttpServer(shared, take);
      server.setTimeout(SILENCE_TIMEOUT_MS);
      server.on('connection', (socket: Socket) => this.#follow(socket));
      this.#server = server;
    } else {
      const { cert, key, clientCa } = tls;
      // Who shows no certificate may still see what is public: the guard decides, request by request.
      const asks =
        clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: false };
      const options = { ...shared, ...asks, cert, key, handshakeTimeout: HANDSHAKE_TIMEOUT_MS };
      const server = createHttpsServer(options, take);
      server.setTimeout(SILENCE_TIMEOUT_MS);
      server.on('secureConnection', (socket: Socket) => this.#follow(socket));
      this.#server = server;
    }
  }

  /** Whether answers should end their connections. */
  get draining(): boolean {
    return this.#draining;
  }

  /** Takes a connection over. */
  take(socket: Socket): void {
    this.#server.emit('connection', socket);
  }

  /** Ends each connection as soon as nothing is answered over it. */
  drain(): void {
    this.#draining = true;
    for (const [socket, client] of this.#clients) if (client.running === 0) socket.destroy();
  }

  #follow(socket: Socket): void {
    const client: Client = { running: 0, deadline: deadlineFor(socket, HEAD_TIMEOUT_MS) };
    this.#clients.set(socket, client);
    socket.once('close', () => {
      clearTimeout(client.deadline);
      this.#clients.delete(socket);
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse, serve: Serve): Promise<void> {
    const { socket } = request;
    const client = this.#clients.get(socket);
    if (client !== undefined) {
      client.running += 1;
      clearTimeout(client.deadline);
    }
    await serve(request, response);
    if (client === undefined) return;
    client.running -= 1;
    if (client.running > 0 || socket.destroyed) return;
    if (this.#draining) socket.destroySoon();
    else client.deadline = deadlineFor(socket, KEEP_ALIVE_TIMEOUT_MS + HEAD_TIMEOUT_MS);
  }
}

function deadlineFor(socket: Socket, timeoutMs: number): NodeJS.Timeout {
  return setTimeout(() => {
    socket.destroy();
  }, timeoutMs).unref();
}
