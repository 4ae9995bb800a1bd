import type { Answer } from '../../../src/plugin-api/index.ts';
import type { HttpOptions, HttpRedirectHttps } from '../config/schema/options.generated.ts';

/** Below this path certificate authorities look for proofs of who owns a name (RFC 8555 8.3), also while there is no certificate yet. */
const ACME_PREFIX = '/.well-known/acme-challenge/';
const HTTPS_PORT = 443;
/** A port at the end of a host. The colons of an IPv6 address stand in brackets. */
const PORT = /:\d*$/;

const DEFAULTS: HttpRedirectHttps = { port: HTTPS_PORT, permanent: true };

/** Sends clients to the same place at `https://`. */
export class HttpsRedirect {
  readonly #port: string;
  readonly #isPermanent: boolean;

  constructor({ port, permanent }: HttpRedirectHttps) {
    this.#port = port === HTTPS_PORT ? '' : `:${String(port)}`;
    this.#isPermanent = permanent;
  }

  /** The redirect of a listener; undefined when it has none. */
  static of({ redirect_https: options }: Pick<HttpOptions, 'redirect_https'>): HttpsRedirect | undefined {
    if (options === undefined || options === false) return undefined;
    return new HttpsRedirect(options === true ? DEFAULTS : options);
  }

  /** Whether requests for a path are not redirected. `path` in the spelling that routes compare. */
  leavesOut(path: string): boolean {
    return path.startsWith(ACME_PREFIX);
  }

  /**
   * The answer to a request. GET and HEAD get a status that all clients know; any other method one that lets the client repeat the
   * method and the body (RFC 9110 15.4.2, 15.4.9).
   *
   * @param host as the request names it, valid and not empty
   * @param target path and query, or `*`, which has no place in a URL
   */
  answer(method: string, host: string, target: string): Answer {
    const isRead = method === 'GET' || method === 'HEAD';
    const status = this.#isPermanent ? (isRead ? 301 : 308) : isRead ? 302 : 307;
    const name = host.replace(PORT, '');
    const place = target === '*' ? '/' : target;
    return { status, headers: { Location: `https://${name}${this.#port}${place}` } };
  }
}
