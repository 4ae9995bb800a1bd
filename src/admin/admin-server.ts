import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { formatAddress, parseAddress } from '../config/address.ts';
import type { Address } from '../config/address.ts';
import { BalanceError, messageOf, systemCodeOf } from '../errors.ts';
import type { Logger } from '../plugin-api/logger.ts';
import { AdminError } from './admin-error.ts';
import { AdminRequest, type AdminRequestParts } from './admin-request.ts';
import { errorResponse, JSON_TYPE, type AdminResponse } from './admin-response.ts';
import { AdminRouter, type AdminRoute } from './admin-router.ts';
import { readBody } from './read-body.ts';

export interface AdminServerOptions {
  /** An address as in the config. Port 0 takes any free one. */
  readonly listen: string;
  readonly routes: readonly AdminRoute[];
  readonly logger: Logger;
}

/** One address with its endpoints. */
export interface AdminServer {
  /** Binds; resolves with the address that it got. Rejects with a BalanceError. */
  listen(): Promise<string>;
  /** Takes effect with the next request. */
  setRoutes(routes: readonly AdminRoute[]): void;
  /** Takes no more connections and resolves when the answers under way are sent. */
  close(): Promise<void>;
  /** Ends all connections now. */
  destroy(): void;
}

const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 15_000;
const KEEP_ALIVE_TIMEOUT_MS = 20_000;
const SOCKET_TIMEOUT_MS = 60_000;
const MAX_CONNECTIONS = 256;
const MAX_HEADER_SIZE_BYTES = 16_384;
const MAX_BODY_BYTES = 1024 * 1024;
const HANDLER_TIMEOUT_MS = 30_000;
/** How long a client may take to read an answer, however slowly it goes on. */
const ANSWER_TIMEOUT_MS = 10 * 60_000;

/** Makes a server that is not bound yet. */
export function createAdminServer(options: AdminServerOptions): AdminServer {
  return new HttpAdminServer(options);
}

class HttpAdminServer implements AdminServer {
  readonly #address: Address;
  readonly #logger: Logger;
  readonly #server: Server;
  #router: AdminRouter;

  constructor(options: AdminServerOptions) {
    this.#address = parseAddress(options.listen);
    this.#logger = options.logger;
    this.#router = new AdminRouter(options.routes);
    this.#server = createServer(
      {
        headersTimeout: HEADERS_TIMEOUT_MS,
        requestTimeout: REQUEST_TIMEOUT_MS,
        keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
        maxHeaderSize: MAX_HEADER_SIZE_BYTES,
      },
      (request, response) => {
        void this.#serve(request, response);
      },
    );
    this.#server.maxConnections = MAX_CONNECTIONS;
    // Someone who stops reading a long answer must not hold it for ever.
    this.#server.setTimeout(SOCKET_TIMEOUT_MS);
  }

  setRoutes(routes: readonly AdminRoute[]): void {
    this.#router = new AdminRouter(routes);
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

  /** Never rejects. */
  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.on('close', () => {
      gone.abort();
    });
    try {
      const answer = await this.#answer(request, gone.signal);
      if (response.destroyed) return;
      await this.#send(request, response, answer);
    } catch (thrown) {
      // Nobody is left to be told, or half of an answer is out: only cutting it off says that it is incomplete.
      response.destroy();
      if (!gone.signal.aborted) this.#logger.warn('admin answer failed', { error: messageOf(thrown) });
    }
  }

  async #answer(request: IncomingMessage, signal: AbortSignal): Promise<AdminResponse> {
    const [path, query] = splitTarget(request.url ?? '');
    try {
      if (request.method === 'OPTIONS') return optionsResponse(request, this.#router.allowed(path));
      const route = this.#router.find(request.method ?? '', path);
      const body = await bodyOf(request, route);
      return await this.#handle(route, {
        method: route.method,
        path,
        query,
        headers: request.headers,
        body,
        signal,
      });
    } catch (thrown) {
      request.resume();
      if (thrown instanceof AdminError) return errorResponse(thrown);
      const id = randomUUID();
      this.#logger.error('admin endpoint failed', { id, path, error: messageOf(thrown) });
      const message = `the endpoint failed; the log says why, with id ${id}`;
      return errorResponse(new AdminError(500, 'internal', message, { id }));
    }
  }

  /** Gives a handler its time and no more. */
  async #handle(route: AdminRoute, parts: AdminRequestParts): Promise<AdminResponse> {
    const timeoutMs = route.timeoutMs ?? HANDLER_TIMEOUT_MS;
    const late = new AbortController();
    const signal = AbortSignal.any([parts.signal, late.signal]);
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(new AdminError(503, 'timeout', `no answer within ${String(timeoutMs)} ms`));
        late.abort();
      }, timeoutMs);
    });
    try {
      return await Promise.race([route.handle(new AdminRequest({ ...parts, signal })), timeout]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #send(request: IncomingMessage, response: ServerResponse, answer: AdminResponse): Promise<void> {
    const { status, body } = answer;
    const text = typeof body === 'string' ? Buffer.from(body, 'utf8') : undefined;
    response.writeHead(status, {
      ...(text === undefined || status === 204 ? undefined : { 'Content-Length': text.length }),
      ...(status === 204 ? undefined : { 'Content-Type': answer.contentType ?? JSON_TYPE }),
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      ...(status === 405 ? { Allow: this.#router.allowed(splitTarget(request.url ?? '')[0]) } : undefined),
      ...(status === 408 || !this.#server.listening ? { Connection: 'close' } : undefined),
      ...answer.headers,
    });
    const timer = setTimeout(() => response.destroy(), ANSWER_TIMEOUT_MS);
    try {
      if (typeof body === 'string' || request.method === 'HEAD') response.end(text);
      else await pipeline(body, response);
      if (!response.writableFinished && !response.destroyed) await once(response, 'close');
    } finally {
      clearTimeout(timer);
    }
  }
}

async function bodyOf(request: IncomingMessage, route: AdminRoute): Promise<Buffer> {
  if (route.method !== 'GET')
    return readBody(request, route.maxBodyBytes ?? MAX_BODY_BYTES, REQUEST_TIMEOUT_MS);
  // An unread body would stop the connection.
  request.resume();
  return Buffer.alloc(0);
}

/** What a path takes; `*` asks about the server. No CORS fields: pages of other origins are not meant. */
function optionsResponse(request: IncomingMessage, allowed: readonly string[] | undefined): AdminResponse {
  request.resume();
  if (allowed === undefined && request.url !== '*')
    throw new AdminError(404, 'not_found', 'there is no such endpoint');
  return {
    status: 204,
    headers: { Allow: (allowed ?? ['GET', 'HEAD', 'POST', 'OPTIONS']).join(', ') },
    body: '',
  };
}

function splitTarget(target: string): [path: string, query: URLSearchParams] {
  const end = target.indexOf('?');
  if (end === -1) return [target, new URLSearchParams()];
  return [target.slice(0, end), new URLSearchParams(target.slice(end + 1))];
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
