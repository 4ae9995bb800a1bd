import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { formatAddress, parseAddress } from '../config/address.ts';
import type { Address } from '../config/address.ts';
import { BalanceError, messageOf, systemCodeOf } from '../errors.ts';
import type { Logger } from '../plugin-api/logger.ts';

/** What a route answers. */
export interface AdminResponse {
  readonly status: number;
  /** Default: `application/json; charset=utf-8`. */
  readonly contentType?: string;
  readonly body: string;
}

/** Answers a GET. A HEAD gets the same without the body. What it throws becomes a 500. */
export type AdminRoute = () => AdminResponse | Promise<AdminResponse>;

/** Routes by their exact path. */
export type AdminRoutes = Readonly<Record<string, AdminRoute>>;

export interface AdminServerOptions {
  /** An address as in the config. Port 0 takes any free one. */
  readonly listen: string;
  readonly routes: AdminRoutes;
  readonly logger: Logger;
}

/** One address with its endpoints. Nothing here changes state, so only GET and HEAD are answered. */
export interface AdminServer {
  /** Binds; resolves with the address that it got. Rejects with a BalanceError. */
  listen(): Promise<string>;
  /** Takes effect with the next request. */
  setRoutes(routes: AdminRoutes): void;
  /** Takes no more connections and resolves when the answers under way are sent. */
  close(): Promise<void>;
  /** Ends all connections now. */
  destroy(): void;
}

const JSON_TYPE = 'application/json; charset=utf-8';
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 15_000;
const KEEP_ALIVE_TIMEOUT_MS = 20_000;
const SOCKET_TIMEOUT_MS = 60_000;
const MAX_CONNECTIONS = 256;
const MAX_HEADER_SIZE_BYTES = 16_384;

/** Makes a server that is not bound yet. */
export function createAdminServer(options: AdminServerOptions): AdminServer {
  return new HttpAdminServer(options);
}

class HttpAdminServer implements AdminServer {
  readonly #address: Address;
  readonly #logger: Logger;
  readonly #server: Server;
  #routes: ReadonlyMap<string, AdminRoute>;

  constructor(options: AdminServerOptions) {
    this.#address = parseAddress(options.listen);
    this.#logger = options.logger;
    this.#routes = new Map(Object.entries(options.routes));
    this.#server = createServer(
      {
        headersTimeout: HEADERS_TIMEOUT_MS,
        requestTimeout: REQUEST_TIMEOUT_MS,
        keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
        maxHeaderSize: MAX_HEADER_SIZE_BYTES,
      },
      (request, response) => {
        void this.#answer(request, response);
      },
    );
    this.#server.maxConnections = MAX_CONNECTIONS;
    // Someone who stops reading a long answer must not hold it for ever.
    this.#server.setTimeout(SOCKET_TIMEOUT_MS);
  }

  setRoutes(routes: AdminRoutes): void {
    this.#routes = new Map(Object.entries(routes));
  }

  listen(): Promise<string> {
    return new Promise((resolve, reject) => {
      const failed = (error: Error): void => reject(bindError(this.#address, error));
      this.#server.once('error', failed);
      this.#server.listen(listenOptions(this.#address), () => {
        this.#server.off('error', failed);
        this.#server.on('error', (error) => this.#logger.warn('admin server failed', { error }));
        resolve(boundAddress(this.#server));
      });
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeIdleConnections();
    });
  }

  destroy(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Nobody reads a body here, and an unread one would stop the connection.
    request.resume();
    const answer = await this.#route(request);
    if (response.destroyed) return;
    const body = Buffer.from(answer.body, 'utf8');
    response.writeHead(answer.status, {
      'Content-Type': answer.contentType ?? JSON_TYPE,
      'Content-Length': body.length,
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      ...(answer.status === 405 ? { Allow: 'GET, HEAD' } : undefined),
      ...(this.#server.listening ? undefined : { Connection: 'close' }),
    });
    response.end(request.method === 'HEAD' ? undefined : body);
  }

  async #route(request: IncomingMessage): Promise<AdminResponse> {
    const path = pathOf(request.url ?? '');
    const route = this.#routes.get(path);
    if (route === undefined) {
      return jsonResponse(404, { error: 'not found', endpoints: [...this.#routes.keys()] });
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return jsonResponse(405, { error: 'method not allowed', allowed: ['GET', 'HEAD'] });
    }
    try {
      return await route();
    } catch (thrown) {
      this.#logger.error('admin endpoint failed', { path, error: thrown });
      return jsonResponse(500, { error: messageOf(thrown) });
    }
  }
}

/** An answer in JSON, indented for humans, with a line feed at its end. */
export function jsonResponse(status: number, value: unknown): AdminResponse {
  return { status, body: `${JSON.stringify(value, null, 2)}\n` };
}

function pathOf(target: string): string {
  const end = target.indexOf('?');
  return end === -1 ? target : target.slice(0, end);
}

function listenOptions(address: Address): { path: string } | { host?: string; port: number } {
  if (address.kind === 'unix') return { path: address.path };
  // Without a host Node takes :: for both families, or 0.0.0.0 where there is no IPv6.
  return address.host === '' ? { port: address.port } : { host: address.host, port: address.port };
}

function boundAddress(server: Server): string {
  const bound = server.address();
  if (bound === null) return '';
  if (typeof bound === 'string') return `unix:${bound}`;
  return formatAddress({ kind: 'tcp', host: bound.address, port: bound.port });
}

function bindError(address: Address, error: Error): BalanceError {
  const where = formatAddress(address);
  const options = { origin: 'config', cause: error } as const;
  switch (systemCodeOf(error)) {
    case 'EADDRINUSE':
      return new BalanceError('address_in_use', `admin server: ${where} is already in use`, options);
    case 'EACCES':
      return new BalanceError('config_invalid', `admin server: no permission to listen on ${where}`, options);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new BalanceError(
        'config_invalid',
        `admin server: ${where} is no address of this machine`,
        options,
      );
    default:
      return new BalanceError(
        'internal',
        `admin server: can't listen on ${where}: ${error.message}`,
        options,
      );
  }
}
