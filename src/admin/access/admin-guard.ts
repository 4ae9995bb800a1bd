import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { TransportStream } from '../../net/transport/transport-stream.ts';
import { MetricsAccess } from '../../plugin-api/values/metrics-access.ts';
import { AdminError } from '../endpoint/admin-error.ts';

export interface AdminGuardOptions {
  /** The bearer token that clients must send; undefined: none. */
  readonly token?: string | undefined;
  /** Whether clients must show a valid certificate. Default: false. */
  readonly certificate?: boolean;
  /** Paths that need neither token nor certificate. */
  readonly publicPaths?: readonly string[];
  /** Whether the server listens on a TCP address of this machine only. Browsers on this machine reach it. Default: false. */
  readonly loopback?: boolean;
  /** The path of the metrics, and the addresses and networks that may read them; undefined: every client that may use the server. */
  readonly metrics?: { readonly path: string; readonly allow: readonly string[] } | undefined;
}

/** Decides whether a request may be answered. */
export class AdminGuard {
  /** Hash of the token. To compare hashes takes the same time for every wrong token. */
  readonly #digest: Buffer | undefined;
  readonly #certificate: boolean;
  readonly #publicPaths: ReadonlySet<string>;
  readonly #checksHost: boolean;
  readonly #metricsPath: string | undefined;
  readonly #metricsAccess: MetricsAccess;

  constructor({
    token,
    certificate = false,
    publicPaths = [],
    loopback = false,
    metrics,
  }: AdminGuardOptions = {}) {
    this.#digest = token === undefined ? undefined : digestOf(token);
    this.#certificate = certificate;
    this.#publicPaths = new Set(publicPaths);
    this.#checksHost = loopback && token === undefined && !certificate;
    this.#metricsPath = metrics?.path;
    this.#metricsAccess = new MetricsAccess(metrics?.allow ?? []);
  }

  /** Throws an AdminError (401 or 403) when the request may not be answered. */
  check(request: IncomingMessage, path: string): void {
    refuseForeignOrigin(request);
    if (path === this.#metricsPath) this.#checkMetrics(request);
    const isPublic = this.#publicPaths.has(path) && (request.method === 'GET' || request.method === 'HEAD');
    if (isPublic) return;
    if (this.#checksHost) refuseNamedHost(request);
    if (this.#certificate) requireCertificate(request);
    if (this.#digest !== undefined) requireToken(request, this.#digest);
  }

  #checkMetrics({ socket, headers }: IncomingMessage): void {
    const mayRead = this.#metricsAccess.mayRead(
      socket.remoteAddress ?? 'unix',
      (name) => headers[name] !== undefined,
    );
    if (!mayRead) throw new AdminError(403, 'not_allowed', 'the metrics are not for this client');
  }
}

/** Refuses requests of web pages of other sites, which a browser may send: they may neither read nor change anything here. */
function refuseForeignOrigin({ headers }: IncomingMessage): void {
  const { origin, host = '' } = headers;
  if (origin === undefined) return;
  if (URL.canParse(origin) && new URL(origin).host === host.toLowerCase()) return;
  throw new AdminError(403, 'foreign_origin', 'pages of other origins may not use the admin server');
}

/**
 * Refuses host names other than `localhost` (DNS rebinding): a web page can let its own host name resolve to 127.0.0.1, and then counts as the
 * same origin. It can't do that with an IP address or with `localhost`.
 */
function refuseNamedHost({ headers }: IncomingMessage): void {
  const { host } = headers;
  if (host === undefined || isLocalName(host)) return;
  throw new AdminError(
    403,
    'foreign_host',
    'the Host must be localhost or an IP address unless an admin.token is set',
  );
}

function isLocalName(host: string): boolean {
  const name = host.replace(/:\d*$/, '').toLowerCase();
  return name === '' || name === 'localhost' || isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0;
}

function requireCertificate(request: IncomingMessage): void {
  const stream: unknown = request.socket;
  if (stream instanceof TransportStream && stream.tls?.certificate?.verified === true) return;
  throw new AdminError(
    403,
    'certificate_required',
    'a client certificate signed by admin.tls.client_ca_file is needed',
  );
}

function requireToken({ headers }: IncomingMessage, digest: Buffer): void {
  const [, token] = /^bearer +(\S+) *$/i.exec(headers.authorization ?? '') ?? [];
  if (token !== undefined && timingSafeEqual(digestOf(token), digest)) return;
  throw new AdminError(
    401,
    'unauthorized',
    token === undefined
      ? 'send the admin token in the header field Authorization: Bearer TOKEN'
      : 'the token is wrong',
    {},
    { 'WWW-Authenticate': 'Bearer realm="balance admin"' },
  );
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
