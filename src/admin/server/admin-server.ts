import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { formatAddress, parseAddress } from '../../config/values/address.ts';
import { leftBeforeAccept, messageOf, systemCodeOf } from '../../errors.ts';
import { HandshakeGate } from '../../net/tls/protection/handshake-gate.ts';
import type { SniDecision } from '../../net/tls/terminate/sni-decision.ts';
import { TlsTermination } from '../../net/tls/terminate/tls-termination.ts';
import { BoundServer } from '../../net/listen/bind/bound-server.ts';
import type { OfferedSocket, SocketInheritance } from '../../net/listen/bind/socket-inheritance.ts';
import type { BindAddresses } from '../../net/dns/bind-addresses.ts';
import { withTimeout } from '../../time/with-timeout.ts';
import type { Logger } from '../../plugin-api/logger.ts';
import { AdminConnections } from './admin-connections.ts';
import type { ServerCredentials } from '../access/admin-credentials.ts';
import { AdminError } from '../endpoint/admin-error.ts';
import { AdminFront, type FrontTls } from './admin-front.ts';
import { AdminGuard } from '../access/admin-guard.ts';
import { DEFAULT_LIMITS, type AdminLimits } from './admin-limits.ts';
import { AdminTlsParts } from './admin-tls-parts.ts';
import { AdminRequest, type AdminRequestFields } from '../endpoint/admin-request.ts';
import { errorResponse, JSON_TYPE, type AdminResponse } from '../endpoint/admin-response.ts';
import { AdminRouter, type AdminRoute } from '../endpoint/admin-router.ts';
import { readBody } from './read-body.ts';
import { RefusalLog } from '../access/refusal-log.ts';

/** What a server answers, and to whom; an edit can change it. */
export interface AdminServerSetup {
  /** The server's name in messages. Default: `admin server`. */
  readonly what?: string | undefined;
  readonly routes: readonly AdminRoute[];
  /** Default: all clients may use it. */
  readonly guard?: AdminGuard;
  /** Default: plain HTTP. */
  readonly tls?: ServerCredentials | undefined;
  /** Permissions of a unix socket. Default: what the process's umask leaves. */
  readonly socketMode?: number | undefined;
}

export interface AdminServerOptions extends AdminServerSetup {
  /** The address as in the config. With port 0 the system picks a free port. */
  readonly listen: string;
  /** Resolves the address's host name. Default: Node's own look-up. */
  readonly bindAddresses?: BindAddresses | undefined;
  /** Sockets that listen already. Default: there are none. */
  readonly inheritance?: SocketInheritance | undefined;
  readonly logger: Logger;
  /** Default: its own. */
  readonly tlsParts?: AdminTlsParts | undefined;
  /** Default: {@link DEFAULT_LIMITS}. */
  readonly limits?: Partial<AdminLimits>;
}

const DEFAULT_NAME = 'admin server';
/** Codes of errors that only mean that the client has left. */
const CLIENT_LEFT: ReadonlySet<string> = new Set([
  'ABORT_ERR',
  'ECONNRESET',
  'EPIPE',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_PREMATURE_CLOSE',
]);

/** A server on one address, with its endpoints. */
export class AdminServer {
  readonly #logger: Logger;
  readonly #limits: AdminLimits;
  readonly #refusals: RefusalLog;
  readonly #tlsParts: AdminTlsParts;
  readonly #gate: HandshakeGate;
  readonly #server: BoundServer;
  readonly #connections: AdminConnections;
  #router: AdminRouter;
  #guard: AdminGuard;
  #tls: ServerCredentials | undefined;
  #front: AdminFront;
  #bound = '';

  /** Makes a server; {@link listen} binds it. */
  constructor(options: AdminServerOptions) {
    this.#logger = options.logger;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#refusals = new RefusalLog(options.logger);
    this.#tlsParts = options.tlsParts ?? new AdminTlsParts();
    this.#gate = new HandshakeGate(this.#tlsParts.turns);
    this.#connections = new AdminConnections(this.#limits, options.logger);
    this.#router = new AdminRouter(options.routes);
    this.#guard = options.guard ?? new AdminGuard();
    this.#tls = options.tls;
    this.#server = this.#makeServer(options);
    this.#front = this.#makeFront();
  }

  /** Binds the address; resolves with the address that it got. Rejects with a BalanceError. */
  async listen(): Promise<string> {
    this.#bound = formatAddress(await this.#server.listen());
    return this.#bound;
  }

  /** The address that it is bound to; '' before. */
  get bound(): string {
    return this.#bound;
  }

  /** Stops listening for the moment in which another socket tries to take over the address. Connections stay open. */
  suspend(): void {
    this.#server.suspend();
  }

  /** Listens again on the same address. Does nothing after `close` or `destroy`. */
  resume(): Promise<void> {
    return this.#server.resume();
  }

  /** Applies another setup, from the next request on; another certificate from the next connection on. */
  configure({ routes, guard, tls, what, socketMode }: AdminServerSetup): void {
    this.#server.what = what ?? DEFAULT_NAME;
    this.#router = new AdminRouter(routes);
    this.#guard = guard ?? new AdminGuard();
    this.#server.setSocketMode(socketMode, this.#logger, { address: this.#bound });
    const before = this.#tls;
    if (tls?.fingerprint === before?.fingerprint) return;
    this.#tls = tls;
    if (tls !== undefined && tls.trust === before?.trust) {
      this.#front.tls = this.#frontTls();
      return;
    }
    // A client that was let in by other rules must show itself anew.
    this.#front.drain();
    this.#front = this.#makeFront();
  }

  /** What another process needs to take the listening socket over. */
  offer(): OfferedSocket {
    return this.#server.offer();
  }

  /**
   * Accepts no more connections, and resolves when the answers that are being made are sent.
   *
   * @param isReplaced whether another process has taken the listening socket over. Default: false
   */
  close(isReplaced = false): Promise<void> {
    if (isReplaced) this.#server.leave();
    else this.#server.close();
    this.#front.drain();
    return this.#connections.untilEmpty();
  }

  /** Closes all connections now. */
  destroy(): void {
    this.#server.close();
    this.#connections.destroy();
  }

  #makeServer(options: AdminServerOptions): BoundServer {
    const { listen, what = DEFAULT_NAME, bindAddresses, socketMode, inheritance } = options;
    const server = createServer({ noDelay: true, pauseOnConnect: true }, (socket) => {
      this.#connections.add(this.#front.take(socket));
    });
    server.on('error', (error) => {
      if (server.listening && !leftBeforeAccept(error))
        this.#logger.warn(`${this.#server.what} failed`, { error: error.message });
    });
    const address = parseAddress(listen);
    return new BoundServer(server, { address, what, bindAddresses, socketMode, inheritance });
  }

  #makeFront(): AdminFront {
    const front: AdminFront = new AdminFront(
      (request, response) => this.#serve(request, response, front),
      this.#frontTls(),
      this.#limits,
      this.#logger,
    );
    return front;
  }

  /** The same layer as listeners have. */
  #frontTls(): FrontTls | undefined {
    const { context } = this.#tls ?? {};
    if (context === undefined) return undefined;
    const { acceptor, buffers, handshakes } = this.#tlsParts;
    const { maxHandshakes, headTimeoutMs } = this.#limits;
    const rules = {
      listener: this.#server.what,
      side: 'admin',
      decider: { decide: (): SniDecision => ({ kind: 'terminate', context }) },
      alpn: ['http/1.1'],
      // The guard refuses what others ask for.
      resumesTrustedOnly: true,
      bound: { gate: this.#gate, limits: { maxHandshakes, maxPerAddress: 0 } },
      acceptor,
      observer: handshakes,
    } as const;
    return { layer: new TlsTermination(rules, headTimeoutMs), buffers };
  }

  /** Never rejects. */
  async #serve(request: IncomingMessage, response: ServerResponse, front: AdminFront): Promise<void> {
    const { socket } = request;
    const gone = new AbortController();
    const leave = (): void => {
      gone.abort();
    };
    // A response that waits behind another one gets no 'close' event when the connection ends, so listen on the socket too.
    socket.once('close', leave);
    response.once('close', leave);
    try {
      const answer = await this.#answer(request, gone.signal);
      if (!gone.signal.aborted) await this.#send(request, response, answer, { last: front.draining, gone });
      else if (answer.body instanceof Readable) answer.body.destroy();
    } catch (thrown) {
      // A part of the answer may have been sent: closing the connection is the only way to say that it is incomplete.
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
      // An unread rest of the body would block the connection.
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
      new AdminError(500, 'internal', `the endpoint failed; the log line with id ${id} says why`, { id }),
    );
  }

  /** Runs a handler, with the time limit of its endpoint. */
  async #handle(route: AdminRoute, parts: AdminRequestFields): Promise<AdminResponse> {
    const timeoutMs = route.timeoutMs ?? this.#limits.handlerTimeoutMs;
    const late = new AbortController();
    const signal = AbortSignal.any([parts.signal, late.signal]);
    const answering = (async () => route.handle(new AdminRequest({ ...parts, signal })))();
    return withTimeout(answering, {
      limitMs: timeoutMs,
      expired: () => {
        late.abort();
        throw new AdminError(503, 'timeout', `no answer within ${String(timeoutMs)} ms`);
      },
    });
  }

  async #body(request: IncomingMessage, route: AdminRoute): Promise<Buffer> {
    const { maxBodyBytes, bodyTimeoutMs } = this.#limits;
    if (route.method !== 'GET') return readBody(request, route.maxBodyBytes ?? maxBodyBytes, bodyTimeoutMs);
    // An unread body would block the connection.
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

/** The methods that a path allows; `*` asks about the whole server. There are no CORS fields, because pages of other origins are refused. */
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
