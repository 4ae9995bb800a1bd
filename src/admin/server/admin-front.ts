import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { messageOf } from '../../errors.ts';
import { ConnectionSetup, type SetupOwner } from '../../net/layers/connection-setup.ts';
import type { TransportLayer } from '../../net/layers/layer.ts';
import { transportOverSocket } from '../../net/listen/sockets/accepted-transport.ts';
import type { ReadBuffers } from '../../net/transport/memory/read-buffers.ts';
import type { OwnedTransport } from '../../net/transport/owned-transport.ts';
import { TransportStream } from '../../net/transport/transport-stream.ts';
import type { Logger } from '../../plugin-api/logger.ts';
import type { ClientSocket } from './admin-connections.ts';
import type { AdminLimits } from './admin-limits.ts';

/** A connection that requests come from. */
interface Client {
  /** Number of requests whose answers are being made or sent. */
  running: number;
  /** Closes the connection when the client takes too long for the head of its next request, even if bytes of it keep coming. */
  deadline: NodeJS.Timeout;
}

/** Answers a request. Must not reject. */
export type AnswerRequest = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** What the connections of a front go through, and where they are read to. */
export interface FrontTls {
  readonly layer: TransportLayer;
  readonly buffers: ReadBuffers;
}

/**
 * HTTP or HTTPS over connections that its owner accepted. Because the owner binds the address, an edit can change from HTTP to HTTPS
 * without binding the address again. Another certificate does not end connections.
 */
export class AdminFront implements SetupOwner<TransportStream> {
  /** The TLS of the next connection; undefined: plain HTTP. May be replaced by that of another certificate. */
  tls: FrontTls | undefined;
  readonly #answer: AnswerRequest;
  readonly #server: Server;
  readonly #limits: AdminLimits;
  readonly #logger: Logger;
  readonly #clients = new Map<ClientSocket, Client>();
  #draining = false;

  constructor(answer: AnswerRequest, tls: FrontTls | undefined, limits: AdminLimits, logger: Logger) {
    this.#answer = answer;
    this.tls = tls;
    this.#limits = limits;
    this.#logger = logger;
    this.#server = createServer(
      { keepAliveTimeout: limits.keepAliveTimeoutMs, maxHeaderSize: limits.maxHeadBytes },
      (request, response) => void this.#serve(request, response),
    );
    this.#server.setTimeout(limits.silenceTimeoutMs);
  }

  /** Whether answers should end their connections. */
  get draining(): boolean {
    return this.#draining;
  }

  /** Serves a connection that the owner accepted, and that nobody has read from. Returns what its requests will come from. */
  take(accepted: Socket): ClientSocket {
    // An 'error' event without a listener ends the process.
    accepted.on('error', () => undefined);
    if (this.tls !== undefined) return this.#encrypt(accepted, this.tls);
    this.#begin(accepted);
    accepted.resume();
    return accepted;
  }

  /** Closes each connection as soon as no request of it is being answered. */
  drain(): void {
    this.#draining = true;
    for (const [socket, client] of this.#clients) if (client.running === 0) socket.destroy();
  }

  setUp(stream: TransportStream, transport: OwnedTransport): void {
    // The client showed itself by the rules of a config that has left.
    if (this.#draining) stream.destroy();
    else {
      this.#begin(stream);
      stream.open(transport);
    }
  }

  setupFailed(stream: TransportStream): void {
    stream.destroy();
  }

  #encrypt(accepted: Socket, { layer, buffers }: FrontTls): TransportStream {
    const transport = transportOverSocket(accepted, buffers, (error) => {
      this.#logger.error('a connection to the admin server failed', { error: messageOf(error) });
    });
    transport.noteEnds(undefined, 0);
    const stream = new TransportStream(transport);
    stream.on('error', () => undefined);
    const setup = new ConnectionSetup(stream, [layer], this);
    transport.whenClosed(() => {
      setup.destroy();
      if (!stream.isOpen) stream.destroy();
    });
    setup.start(transport);
    return stream;
  }

  #begin(socket: ClientSocket): void {
    const client: Client = { running: 0, deadline: deadlineFor(socket, this.#limits.headTimeoutMs) };
    this.#clients.set(socket, client);
    socket.once('close', () => {
      clearTimeout(client.deadline);
      this.#clients.delete(socket);
    });
    this.#server.emit('connection', socket);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket } = request;
    const client = this.#clients.get(socket);
    if (client !== undefined) {
      client.running += 1;
      clearTimeout(client.deadline);
    }
    await this.#answer(request, response);
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

function deadlineFor(socket: ClientSocket, timeoutMs: number): NodeJS.Timeout {
  return setTimeout(() => {
    socket.destroy();
  }, timeoutMs).unref();
}
