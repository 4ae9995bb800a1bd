import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';

import { firstOf } from '../../soak/first-of.ts';
import { patternPiece } from '../../soak/pattern.ts';
import { rest } from '../../soak/traffic.ts';

/** Facts about a request, which a web server writes on the first line of its answer. */
export interface Told {
  readonly server: string;
  readonly path: string;
  /** The marker as the proxy put it into the request. */
  readonly edit: string;
  readonly nonce: string;
  /** Digest of the request's body. */
  readonly received: string;
}

/** A server that says who it is. */
export interface IdentityBackend {
  readonly id: string;
  readonly port: number;
  /** Connections that are open. */
  readonly open: number;
  close(): Promise<void>;
}

const SOCKET_KEPT_MS = 600_000;
const PIECE_BYTES = 30_000;

export async function startWebBackend(id: string): Promise<IdentityBackend> {
  const server = createHttpServer({ keepAliveTimeout: SOCKET_KEPT_MS }, (request, response) => {
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    answer(id, request, response).catch(() => response.destroy());
  });
  server.requestTimeout = 0;
  const sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    sockets.handleUpgrade(request, socket, head, (peer) => summing(id, peer));
  });
  return listening(id, server);
}

/** `?nonce=N&bytes=B&wait=MS`: so many bytes of the pattern, and a rest in their middle. */
async function answer(id: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://backend');
  const digest = createHash('sha1');
  for await (const bytes of request as AsyncIterable<Buffer>) digest.update(bytes);
  const told: Told = {
    server: id,
    path: url.pathname,
    edit: String(request.headers['x-edit'] ?? ''),
    nonce: url.searchParams.get('nonce') ?? '',
    received: digest.digest('hex'),
  };
  const size = Number(url.searchParams.get('bytes') ?? 0);
  const waitMs = Number(url.searchParams.get('wait') ?? 0);
  const line = `${JSON.stringify(told)}\n`;
  if (size % 2 === 0) response.setHeader('Content-Length', Buffer.byteLength(line) + size);
  response.write(line);
  for (let at = 0; at < size && !response.destroyed;) {
    if (waitMs > 0) await rest(waitMs / Math.ceil(size / PIECE_BYTES));
    const piece = patternPiece(at, Math.min(size - at, PIECE_BYTES));
    at += piece.length;
    if (!response.write(piece)) await firstOf(response, 'drain', 'close');
  }
  response.end();
}

/** Says who it is, then answers each message with its number and the digest of all messages so far. */
function summing(id: string, peer: WebSocket): void {
  const digest = createHash('sha1');
  let count = 0;
  peer.on('error', () => undefined);
  peer.on('message', (data: Buffer) => {
    digest.update(data);
    count += 1;
    peer.send(`${count}:${digest.copy().digest('hex')}`);
  });
  peer.send(id);
}

/** Says who it is on a line, then sends back what it gets. */
export async function startTunnelBackend(id: string): Promise<IdentityBackend> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    socket.on('error', () => undefined);
    socket.write(`${id}\n`);
    socket.pipe(socket);
  });
  return listening(id, server);
}

async function listening(id: string, server: Server): Promise<IdentityBackend> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 });
  await once(server, 'listening');
  return {
    id,
    port: (server.address() as AddressInfo).port,
    get open() {
      return sockets.size;
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
