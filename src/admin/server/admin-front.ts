import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Server, Socket } from 'node:net';
import type { AdminTlsFiles } from '../access/admin-credentials.ts';
import type { AdminLimits } from './admin-limits.ts';

/** A connection that requests come from. */
interface Client {
  /** Number of requests whose answers are being made or sent. */
  running: number;
  /** Closes the connection when the client takes too long for the head of its next request, even if bytes of it keep coming. */
  deadline: NodeJS.Timeout;
}

/** Answers a request. Must not reject. */
export type Serve = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/**
 * HTTP or HTTPS over connections that its owner accepted. Because the owner binds the address, an edit can change from HTTP to HTTPS, or change
 * the certificate, without binding the address again.
 */
export class AdminFront {
  readonly #server: Server;
  readonly #limits: AdminLimits;
  readonly #clients = new Map<Socket, Client>();
  #draining = false;

  /** Throws when the certificate can't be used. */
  constructor(serve: Serve, tls: AdminTlsFiles | undefined, limits: AdminLimits) {
    this.#limits = limits;
    const shared = { keepAliveTimeout: limits.keepAliveTimeoutMs, maxHeaderSize: limits.maxHeadBytes };
    const take = (request: IncomingMessage, response: ServerResponse): void => {
      void this.#serve(request, response, serve);
    };
    if (tls === undefined) {
      const server = createHttpServer(shared, take);
      server.setTimeout(limits.silenceTimeoutMs);
      server.on('connection', (socket: Socket) => this.#follow(socket));
      this.#server = server;
    } else {
      const { cert, key, clientCa } = tls;
      // A client without a certificate may still use the public endpoints: the guard decides for each request.
      const asks =
        clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: false };
      const options = { ...shared, ...asks, cert, key, handshakeTimeout: limits.headTimeoutMs };
      const server = createHttpsServer(options, take);
      server.setTimeout(limits.silenceTimeoutMs);
      server.on('secureConnection', (socket: Socket) => this.#follow(socket));
      this.#server = server;
    }
  }

  /** Whether answers should end their connections. */
  get draining(): boolean {
    return this.#draining;
  }

  /** Serves a connection that the owner accepted. */
  take(socket: Socket): void {
    this.#server.emit('connection', socket);
  }

  /** Closes each connection as soon as no request of it is being answered. */
  drain(): void {
    this.#draining = true;
    for (const [socket, client] of this.#clients) if (client.running === 0) socket.destroy();
  }

  #follow(socket: Socket): void {
    const client: Client = { running: 0, deadline: deadlineFor(socket, this.#limits.headTimeoutMs) };
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
    else {
      const { keepAliveTimeoutMs, headTimeoutMs } = this.#limits;
      client.deadline = deadlineFor(socket, keepAliveTimeoutMs + headTimeoutMs);
    }
  }
}

function deadlineFor(socket: Socket, timeoutMs: number): NodeJS.Timeout {
  return setTimeout(() => {
    socket.destroy();
  }, timeoutMs).unref();
}
