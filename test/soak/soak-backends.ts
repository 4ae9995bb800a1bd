import { once } from 'node:events';
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server as HttpServer,
  type ServerResponse,
} from 'node:http';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { WebSocketServer } from 'ws';

import { firstOf } from './first-of.ts';
import { PatternCheck, patternPiece } from './pattern.ts';

/** A server that can die and come back at the same port. */
export abstract class MortalServer {
  protected abstract readonly server: Server | HttpServer;
  readonly #sockets = new Set<Socket>();
  #port = 0;

  get port(): number {
    return this.#port;
  }

  async listen(): Promise<this> {
    this.server.listen({ port: this.#port, host: '127.0.0.1', backlog: 1024 });
    await once(this.server, 'listening');
    this.#port = (this.server.address() as AddressInfo).port;
    return this;
  }

  protected watch(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
  }

  /** Cuts all connections, some with a reset, and refuses new ones. */
  async close(): Promise<void> {
    if (!this.server.listening) return;
    const closed = once(this.server, 'close');
    this.server.close();
    let reset = false;
    for (const socket of this.#sockets) {
      reset = !reset;
      if (reset) socket.resetAndDestroy();
      else socket.destroy();
    }
    await closed;
  }
}

/** Serves `/bytes/OFFSET/SIZE`, checks `/upload/OFFSET/SIZE`, returns what `/echo` gets, speaks WebSocket at any path. */
export class SoakHttpBackend extends MortalServer {
  protected readonly server: HttpServer;

  constructor() {
    super();
    this.server = createHttpServer({ keepAliveTimeout: 4_000 }, (request, response) => {
      request.on('error', () => undefined);
      response.on('error', () => undefined);
      void this.#answer(request, response);
    });
    this.server.on('connection', (socket: Socket) => this.watch(socket));
    const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: { threshold: 512 } });
    this.server.on('upgrade', (request, socket, head) => {
      sockets.handleUpgrade(request, socket, head, (client) => {
        client.on('error', () => undefined);
        client.on('message', (data: Buffer, isBinary) => client.send(data, { binary: isBinary }));
      });
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, what, offset, size, manner] = (request.url ?? '').split('/');
    response.setHeader('X-Nonce', request.headers['x-nonce'] ?? '');
    if (what === 'bytes') await sendBytes(response, Number(offset), Number(size), manner ?? '');
    else if (what === 'upload')
      await checkUpload(request, response, Number(offset), Number(size), manner ?? '');
    else if (what === 'echo') request.pipe(response);
    else response.end('ok');
  }
}

async function sendBytes(
  response: ServerResponse,
  offset: number,
  size: number,
  manner: string,
): Promise<void> {
  if (manner !== 'chunked') response.setHeader('Content-Length', size);
  for (let at = 0; at < size && !response.destroyed;) {
    const piece = patternPiece(offset + at, Math.min(size - at, 60_000));
    at += piece.length;
    if (!response.write(piece)) await firstOf(response, 'drain', 'close');
  }
  response.end();
}

async function checkUpload(
  request: IncomingMessage,
  response: ServerResponse,
  offset: number,
  size: number,
  manner: string,
): Promise<void> {
  const check = new PatternCheck(offset);
  try {
    for await (const bytes of request as AsyncIterable<Buffer>) {
      check.take(bytes);
      if (manner === 'slow') await new Promise((resolve) => setTimeout(resolve, 2));
    }
  } catch {
    // The client went away.
    return;
  }
  const verdict = check.verdict(size);
  response.writeHead(verdict === '' ? 200 : 422).end(verdict === '' ? 'ok' : verdict);
}

/** Sends back what it gets; ends when the client does. */
export class SoakTcpBackend extends MortalServer {
  protected readonly server: Server;

  constructor() {
    super();
    this.server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      this.watch(socket);
      socket.pipe(socket);
    });
  }
}
