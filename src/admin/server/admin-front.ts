import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Server, Socket } from 'node:net';
import { randomBytes } from 'node:crypto';
import type { Server as TlsServer } from 'node:tls';
import { SAFE_OPTIONS } from '../../net/tls/contexts/context-options.ts';
import type { ServerCredentials } from '../access/admin-credentials.ts';
import type { AdminLimits } from './admin-limits.ts';

/** A connection that requests come from. */
interface Client {
  /** Number of requests whose answers are being made or sent. */
  running: number;
  /** Closes the connection when the client takes too long for the head of its next request, even if bytes of it keep coming. */
  deadline: NodeJS.Timeout;
}

/** What a front hands to its owner. */
export interface FrontOwner {
  /** Answers a request. Must not reject. */
  serve(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** A handshake was not done; the connection is over. */
  handshakeFailed(error: Error, socket: Socket): void;
}

/** Size of the keys of session tickets, as Node.js takes them. */
const TICKET_KEY_BYTES = 48;

/**
 * HTTP or HTTPS over connections that its owner accepted. Because the owner binds the address, an edit can change from HTTP to HTTPS
 * without binding the address again. Another certificate does not end connections.
 */
export class AdminFront {
  readonly #server: Server;
  readonly #tlsServer: TlsServer | undefined;
  /** Every certificate of this front gets the same keys, so that clients resume their sessions over a change of it. */
  readonly #ticketKeys = randomBytes(TICKET_KEY_BYTES);
  readonly #limits: AdminLimits;
  readonly #clients = new Map<Socket, Client>();
  #draining = false;

  /** Throws when the certificate can't be used. */
  constructor(owner: FrontOwner, tls: ServerCredentials | undefined, limits: AdminLimits) {
    this.#limits = limits;
    const shared = { keepAliveTimeout: limits.keepAliveTimeoutMs, maxHeaderSize: limits.maxHeadBytes };
    const take = (request: IncomingMessage, response: ServerResponse): void => {
      void this.#serve(request, response, owner);
    };
    if (tls === undefined) {
      const server = createHttpServer(shared, take);
      server.setTimeout(limits.silenceTimeoutMs);
      server.on('connection', (socket: Socket) => this.#follow(socket));
      this.#server = server;
    } else {
      // A client without a certificate may still use the public endpoints: the guard decides for each request.
      const asks = tls.asksClients ? { requestCert: true, rejectUnauthorized: false } : {};
      const options = {
        ...shared,
        ...asks,
        ...tls.context,
        ...RULES,
        ticketKeys: this.#ticketKeys,
        handshakeTimeout: limits.headTimeoutMs,
      };
      const server = createHttpsServer(options, take);
      server.setTimeout(limits.silenceTimeoutMs);
      server.on('secureConnection', (socket: Socket) => this.#follow(socket));
      server.on('tlsClientError', (error: Error, socket: Socket) => {
        owner.handshakeFailed(error, socket);
      });
      this.#tlsServer = server;
      this.#server = server;
    }
  }

  /** New connections get these credentials; open ones stay. Throws when they can't be used. */
  renew(tls: ServerCredentials): void {
    this.#tlsServer?.setSecureContext({ ...tls.context, ...RULES });
    this.#tlsServer?.setTicketKeys(this.#ticketKeys);
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

  async #serve(request: IncomingMessage, response: ServerResponse, owner: FrontOwner): Promise<void> {
    const { socket } = request;
    const client = this.#clients.get(socket);
    if (client !== undefined) {
      client.running += 1;
      clearTimeout(client.deadline);
    }
    await owner.serve(request, response);
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

/** The server's order of cipher suites counts. */
const RULES = { honorCipherOrder: true, secureOptions: SAFE_OPTIONS } as const;

function deadlineFor(socket: Socket, timeoutMs: number): NodeJS.Timeout {
  return setTimeout(() => {
    socket.destroy();
  }, timeoutMs).unref();
}
