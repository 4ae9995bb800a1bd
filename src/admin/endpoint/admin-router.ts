import { AdminError } from './admin-error.ts';
import type { AdminMethod, AdminRequest } from './admin-request.ts';
import type { AdminResponse } from './admin-response.ts';

/** Answers a request. When it throws an AdminError, the client gets that; any other error becomes a 500 and a log line. */
export type AdminHandler = (request: AdminRequest) => AdminResponse | Promise<AdminResponse>;

/** Limits of an endpoint. */
export interface AdminRouteOptions {
  /** The longest body that the endpoint accepts, in bytes. Default: 1 MiB; a GET has no body. */
  readonly maxBodyBytes?: number;
  /** How long the handler may take, in ms. Default: 30 s. */
  readonly timeoutMs?: number;
}

/** An endpoint: a method, a path and a handler. A GET must change nothing; it answers HEAD as well. */
export interface AdminRoute extends AdminRouteOptions {
  readonly method: AdminMethod;
  /** The whole path, without the query. A part in braces, as in `/backends/{name}/drain`, stands for any text without a slash. */
  readonly path: string;
  readonly handle: AdminHandler;
}

/** Makes an endpoint that only shows something. */
export function get(path: string, handle: AdminHandler, options: AdminRouteOptions = {}): AdminRoute {
  return { method: 'GET', path, handle, ...options };
}

/** Makes an endpoint that changes something, or that needs a body. */
export function post(path: string, handle: AdminHandler, options: AdminRouteOptions = {}): AdminRoute {
  return { method: 'POST', path, handle, ...options };
}

/** Finds the endpoint of a method and a path. */
export class AdminRouter {
  readonly #routes = new Map<string, Map<string, AdminRoute>>();

  /** Throws when two routes are the same. */
  constructor(routes: readonly AdminRoute[]) {
    for (const route of routes) {
      const methods = this.#routes.get(route.path) ?? new Map<string, AdminRoute>();
      if (methods.has(route.method)) throw new Error(`two endpoints for ${route.method} ${route.path}`);
      this.#routes.set(route.path, methods.set(route.method, route));
    }
  }

  get paths(): string[] {
    return [...this.#routes.keys()];
  }

  /** The methods that a path allows. Throws an AdminError (404) when there is no such path. */
  allowed(path: string): string[] {
    const own = [...this.#methods(path).keys()];
    return [...own, ...(own.includes('GET') ? ['HEAD'] : []), 'OPTIONS'];
  }

  /** Throws an AdminError when there is no such path (404) or the path does not allow the method (405). */
  find(method: string, path: string): AdminRoute {
    const route = this.#methods(path).get(method === 'HEAD' ? 'GET' : method);
    if (route !== undefined) return route;
    const allowed = this.allowed(path);
    const headers = { Allow: allowed.join(', ') };
    throw new AdminError(405, 'method_not_allowed', `${path} allows ${headers.Allow}`, { allowed }, headers);
  }

  #methods(path: string): ReadonlyMap<string, AdminRoute> {
    const methods = this.#routes.get(path) ?? this.#matching(path);
    if (methods !== undefined) return methods;
    throw new AdminError(404, 'not_found', 'there is no such endpoint', { endpoints: this.paths });
  }
  /** The endpoints of the first path with braces that matches. */
  #matching(path: string): ReadonlyMap<string, AdminRoute> | undefined {
    const parts = path.split('/');
    for (const [pattern, methods] of this.#routes) {
      if (!pattern.includes('{')) continue;
      const wanted = pattern.split('/');
      const isMatch =
        wanted.length === parts.length &&
        wanted.every((part, at) => (part.startsWith('{') ? parts[at] !== '' : part === parts[at]));
      if (isMatch) return methods;
    }
    return undefined;
  }
}
