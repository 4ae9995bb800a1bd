import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { AdminError } from '../server/admin-error.ts';
import type { MetricsGuard } from './metrics-guard.ts';

export interface AdminGuardOptions {
  /** What clients must send as a bearer token; undefined: none is asked for. */
  readonly token?: string | undefined;
  /** Whether clients must have shown a certificate that was accepted. */
  readonly certificate?: boolean;
  /** Paths that need neither. */
  readonly publicPaths?: readonly string[];
  /** Whether this is a TCP address of this machine only, which its browsers reach as well. */
  readonly loopback?: boolean;
  /** Who may ask for the metrics; undefined: whoever may ask at all. */
  readonly metrics?: MetricsGuard | undefined;
}

/** Decides who may ask. */
export class AdminGuard {
  /** Of the token, so that comparing takes as long for every wrong one. */
  readonly #digest: Buffer | undefined;
  readonly #certificate: boolean;
  readonly #publicPaths: ReadonlySet<string>;
  readonly #checksHost: boolean;
  readonly #metrics: MetricsGuard | undefined;

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
    this.#metrics = metrics;
  }

  /** Throws an AdminError (401 or 403) when the request may not be answered. */
  check(request: IncomingMessage, path: string): void {
    refuseForeignOrigin(request);
    this.#metrics?.check(request, path);
    const isPublic = this.#publicPaths.has(path) && (request.method === 'GET' || request.method === 'HEAD');
    if (isPublic) return;
    if (this.#checksHost) refuseNamedHost(request);
    if (this.#certificate) requireCertificate(request);
    if (this.#digest !== undefined) requireToken(request, this.#digest);
  }
}

/** A page of another site that a browser shows may neither read nor change anything here. */
function refuseForeignOrigin({ headers }: IncomingMessage): void {
  const { origin, host = '' } = headers;
  if (origin === undefined) return;
  if (URL.canParse(origin) && new URL(origin).host === host.toLowerCase()) return;
  throw new AdminError(403, 'foreign_origin', 'pages of other origins may not use the admin server');
}

/**
 * A page can have a name of its own resolve to 127.0.0.1 and so pass for the same origin (DNS rebinding). It can't do
 * that with an address or with `localhost`.
 */
function refuseNamedHost({ headers }: IncomingMessage): void {
  const { host } = headers;
  if (host === undefined || isLocalName(host)) return;
  throw new AdminError(
    403,
    'foreign_host',
    'the Host must be localhost or an IP address, as long as no admin.token is set',
  );
}

function isLocalName(host: string): boolean {
  const name = host.replace(/:\d*$/, '').toLowerCase();
  return name === '' || name === 'localhost' || isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0;
}

function requireCertificate({ socket }: IncomingMessage): void {
  if ('authorized' in socket && socket.authorized === true) return;
  throw new AdminError(403, 'certificate_required', 'a client certificate of admin.tls.client_ca is needed');
}

function requireToken({ headers }: IncomingMessage, digest: Buffer): void {
  const [, token] = /^bearer +(\S+) *$/i.exec(headers.authorization ?? '') ?? [];
  if (token !== undefined && timingSafeEqual(digestOf(token), digest)) return;
  throw new AdminError(
    401,
    'unauthorized',
    token === undefined ? 'send Authorization: Bearer and the admin token' : 'the token is wrong',
    {},
    { 'WWW-Authenticate': 'Bearer realm="balance admin"' },
  );
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
