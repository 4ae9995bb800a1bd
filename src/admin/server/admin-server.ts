import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { formatAddress, parseAddress, type Address } from '../../config/values/address.ts';
import { leftBeforeAccept, messageOf, systemCodeOf } from '../../errors.ts';
import { bindServer } from '../../net/listen/bind-server.ts';
import type { BindAddresses } from '../../net/dns/bind-addresses.ts';
import { changeMode } from '../../net/listen/unix-socket.ts';
import type { Logger } from '../../plugin-api/logger.ts';
import { AdminConnections } from './admin-connections.ts';
import type { AdminTlsFiles } from '../access/admin-credentials.ts';
import { AdminError } from './admin-error.ts';
import { AdminFront } from './admin-front.ts';
import { AdminGuard } from '../access/admin-guard.ts';
import { DEFAULT_LIMITS, type AdminLimits } from './admin-limits.ts';
import { AdminRequest, type AdminRequestParts } from './admin-request.ts';
import { errorResponse, JSON_TYPE, type AdminResponse } from './admin-response.ts';
import { AdminRouter, type AdminRoute } from './admin-router.ts';
import { readBody } from './read-body.ts';
import { RefusalLog } from '../access/refusal-log.ts';

/** What a server answers, and to whom. */
export interface AdminServerSetup {
  /** What it is in messages. Default: `admin server`. */
  readonly what?: string | undefined;
  readonly routes: readonly AdminRoute[];
  /** Default: anybody may ask. */
  readonly guard?: AdminGuard;
  /** Default: plain HTTP. */
  readonly tls?: AdminTlsFiles | undefined;
  /** Permissions of a unix socket. Default: what the process's umask leaves. */
  readonly socketMode?: number | undefined;
}

export interface AdminServerOptions extends AdminServerSetup {
  /** An address as in the config. Port 0 takes any free one. */
  readonly listen: string;
  /** What its host name stands for. Default: the runtime looks that up. */
  readonly bindAddresses?: BindAddresses | undefined;
  readonly logger: Logger;
  /** Default: {@link DEFAULT_LIMITS}. */
  readonly limits?: Partial<AdminLimits>;
}

/** Codes of errors that only say that the client is there no more. */
const CLIENT_LEFT: ReadonlySet<string> = new Set([
  'ABORT_ERR',
  'ECONNRESET',
  'EPIPE',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_PREMATURE_CLOSE',
]);

/** One bound address with its endpoints. */
export class AdminServer {
  readonly #address: Address;
  #what: string;
  readonly #logger: Logger;
  readonly #limits: AdminLimits;
  readonly #refusals: RefusalLog;
  readonly #server: Server;
  readonly #connections: AdminConnections;
  #router: AdminRouter;
  #guard: AdminGuard;
  #tls: AdminTlsFiles | undefined;
  #front: AdminFront;
  readonly #bindAddresses: BindAddresses | undefined;
  #socketMode: number | undefined;
  #bound = '';
  #closed = false;

  /** Makes a server that is not bound yet. */
  constructor(options: AdminServerOptions) {
    this.#address = parseAddress(options.listen);
    this.#what = options.what ?? 'admin server';
    this.#bindAddresses = options.bindAddresses;
    this.#socketMode = options.socketMode;
    this.#logger = options.logger;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#refusals = new RefusalLog(options.logger);
    this.#connections = new AdminConnections(this.#limits, options.logger);
    this.#router = new AdminRouter(options.routes);
    this.#guard = options.guard ?? new AdminGuard();
    this.#tls = options.tls;
    this.#front = this.#makeFront();
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
    this.#server.on('error', (error) => {
      if (this.#server.listening && !leftBeforeAccept(error))
        this.#logger.warn(`${this.#what} failed`, { error: error.message });
    });
  }

  /** Binds; resolves with the address that it got. Rejects with a BalanceError. */
  async listen(): Promise<string> {
    this.#bound = formatAddress(await this.#bind(this.#address, this.#bindAddresses));
    return this.#bound;
  }

  /** The address that it got. */
  get bound(): string {
    return this.#bound;
  }

  /** Stops listening for the moment in which another socket tries to take the address over. Connections stay as they are. */
  suspend(): void {
    this.#server.close();
  }

  /** Listens again where it did before; nothing once it was closed. */
  async resume(): Promise<void> {
    if (!this.#closed) await this.#bind(parseAddress(this.#bound));
  }

  /** Takes effect with the next request; another certificate with the next connection. */
  configure({ routes, guard, tls, what, socketMode }: AdminServerSetup): void {
    this.#what = what ?? 'admin server';
    this.#router = new AdminRouter(routes);
    this.#guard = guard ?? new AdminGuard();
    this.#setMode(socketMode);
    if (tls?.fingerprint === this.#tls?.fingerprint) return;
    this.#tls = tls;
    this.#front.drain();
    this.#front = this.#makeFront();
  }

  #bind(address: Address, bindAddresses?: BindAddresses): Promise<Address> {
    return bindServer(this.#server, {
      address,
      what: this.#what,
      bindAddresses,
      socketMode: this.#socketMode,
      isClosed: () => this.#closed,
    });
  }

  #setMode(mode: number | undefined): void {
    if (mode === this.#socketMode || this.#address.kind !== 'unix') return;
    this.#socketMode = mode;
    try {
      if (this.#server.listening) changeMode(this.#address.path, mode);
    } catch (error) {
      this.#logger.error('the permissions of a unix socket can not be changed', {
        address: this.#bound,
        error: messageOf(error),
      });
    }
  }

  /** Takes no more connections and resolves when the answers under way are sent. */
  close(): Promise<void> {
    this.#closed = true;
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#front.drain();
    });
  }

  /** Ends all connections now. */
  destroy(): void {
    this.#closed = true;
    this.#server.close();
    this.#connections.destroy();
  }

  #makeFront(): AdminFront {
    const front: AdminFront = new AdminFront(
      (request, response) => this.#serve(request, response, front),
      this.#tls,
      this.#limits,
    );
    return front;
  }

  #accept(socket: Socket): void {
    this.#connections.add(socket);
    // Over TLS nobody else listens, and an error that nobody hears ends the process.
    socket.on('error', () => undefined);
    this.#front.take(socket);
  }

  /** Never rejects. */
  async #serve(request: IncomingMessage, response: ServerResponse, front: AdminFront): Promise<void> {
    const { socket } = request;
    const gone = new AbortController();
    const leave = (): void => {
      gone.abort();
    };
    // A response that waits behind another one does not hear of the end of their connection.
    socket.once('close', leave);
    response.once('close', leave);
    try {
      const answer = await this.#answer(request, gone.signal);
      if (!gone.signal.aborted) await this.#send(request, response, answer, { last: front.draining, gone });
      else if (answer.body instanceof Readable) answer.body.destroy();
    } catch (thrown) {
      // Half of an answer is out: only cutting it off says that it is incomplete.
      response.destroy();
      if (!CLIENT_LEFT.has(systemCodeOf(thrown)))
        this.#logger.warn('admin answer failed', { error: messageOf(thrown) });
    } finally {
      socket.off('close', leave);
    }
  }

  async #answer(request: IncomingMessage, signal: AbortSignal): Promise<AdminResponse> {
    const [path, query] = splitTarget(request.url ?? '');
    try {
      this.#guard.check(request, path);
      if (request.method === 'OPTIONS') return optionsResponse(request, path, this.#router);
      const route = this.#router.find(request.method ?? '', path);
      const body = await this.#body(request, route);
      const { method, timeoutMs = 0 } = route;
      if (timeoutMs >= this.#limits.silenceTimeoutMs) request.socket.setTimeout(2 * timeoutMs);
      const parts = { method, path, query, headers: request.headers, body, signal };
      this.#connections.workFor(request.socket);
      return await this.#handle(route, parts).finally(() => this.#connections.waitFor(request.socket));
    } catch (thrown) {
      // What is left of a body would stop the connection.
      request.resume();
      return this.#errorAnswer(thrown, request, path);
    }
  }

  #errorAnswer(thrown: unknown, request: IncomingMessage, path: string): AdminResponse {
    if (thrown instanceof AdminError) {
      const { status, code } = thrown;
      if (status === 401 || status === 403) this.#refusals.note(request, path, code);
      return errorResponse(thrown);
    }
    const id = randomUUID();
    this.#logger.error('admin endpoint failed', { id, path, error: messageOf(thrown) });
    return errorResponse(
      new AdminError(500, 'internal', `the endpoint failed; the log says why, with id ${id}`, { id }),
    );
  }

  /** Gives a handler its time and no more. */
  async #handle(route: AdminRoute, parts: AdminRequestParts): Promise<AdminResponse> {
    const timeoutMs = route.timeoutMs ?? this.#limits.handlerTimeoutMs;
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

  async #body(request: IncomingMessage, route: AdminRoute): Promise<Buffer> {
    const { maxBodyBytes, bodyTimeoutMs } = this.#limits;
    if (route.method !== 'GET') return readBody(request, route.maxBodyBytes ?? maxBodyBytes, bodyTimeoutMs);
    // An unread body would stop the connection.
    request.resume();
    return Buffer.alloc(0);
  }

  async #send(
    request: IncomingMessage,
    response: ServerResponse,
    answer: AdminResponse,
    { last, gone }: { readonly last: boolean; readonly gone: AbortController },
  ): Promise<void> {
    const { status, body } = answer;
    const whole = typeof body === 'string' ? Buffer.from(body) : body instanceof Readable ? undefined : body;
    response.writeHead(status, {
      ...(whole === undefined || status === 204 ? undefined : { 'Content-Length': whole.length }),
      ...(status === 204 ? undefined : { 'Content-Type': answer.contentType ?? JSON_TYPE }),
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      ...(status === 408 || last ? { Connection: 'close' } : undefined),
      ...answer.headers,
    });
    const timer = setTimeout(() => response.destroy(), this.#limits.answerTimeoutMs);
    try {
      if (body instanceof Readable) await pipeline(body, response);
      else response.end(request.method === 'HEAD' ? undefined : whole);
      if (!response.writableFinished && !response.destroyed) {
        await once(response, 'close', { signal: gone.signal });
      }
    } finally {
      clearTimeout(timer);
    }
  }
}

/** What a path takes; `*` asks about the server. No CORS fields: pages of other origins are not meant. */
function optionsResponse(request: IncomingMessage, path: string, router: AdminRouter): AdminResponse {
  request.resume();
  const allowed = path === '*' ? ['GET', 'HEAD', 'POST', 'OPTIONS'] : router.allowed(path);
  return { status: 204, headers: { Allow: allowed.join(', ') }, body: '' };
}

function splitTarget(target: string): [path: string, query: URLSearchParams] {
  const end = target.indexOf('?');
  if (end === -1) return [target, new URLSearchParams()];
  return [target.slice(0, end), new URLSearchParams(target.slice(end + 1))];
}
