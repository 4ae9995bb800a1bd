import type { Upstream } from '../../../src/plugin-api/index.ts';
import type { FieldEdits } from '../forwarding/field-edits.ts';
import type { Head } from '../h1/parse/head.ts';
import { isBelow, type PathEdit } from './path-edits.ts';

/** A route, ready for use. */
export interface CompiledRoute {
  readonly name: string;
  /** Exact lower-case host, `*.suffix`, or undefined for any. */
  readonly host: string | undefined;
  /** The whole path, or its beginning, as {@link routedPath} makes it. */
  readonly path: string | undefined;
  readonly pathPrefix: string | undefined;
  /** Lower-case field names with the exact value that each must have. */
  readonly headers: readonly (readonly [string, string])[];
  readonly priority: number;
  readonly upstream: Upstream;
  readonly requestEdits: FieldEdits | undefined;
  readonly responseEdits: FieldEdits | undefined;
  readonly pathEdit: PathEdit | undefined;
}

/**
 * Finds the route of a request. Higher priority wins; among equals the more specific: exact host before wildcard before
 * any, exact path before the longer prefix, more headers before fewer, and at last the order of the config.
 */
export class Router {
  /** All routes, in the order in which they are looked at. */
  readonly ordered: readonly CompiledRoute[];
  /** Whether a route looks at paths. */
  readonly looksAtPaths: boolean;
  readonly #byHost = new Map<string, readonly CompiledRoute[]>();
  /** The routes for hosts that no route names exactly. */
  readonly #others: readonly CompiledRoute[];

  constructor(routes: readonly CompiledRoute[]) {
    const ordered = routes
      .map((route, order) => ({ route, order }))
      .sort((a, b) => compare(a.route, b.route) || a.order - b.order);
    const sorted = ordered.map(({ route }) => route);
    this.ordered = sorted;
    this.looksAtPaths = sorted.some(({ path, pathPrefix }) => path !== undefined || pathPrefix !== undefined);
    for (const { host } of sorted) {
      if (host === undefined || host.startsWith('*') || this.#byHost.has(host)) continue;
      this.#byHost.set(
        host,
        sorted.filter((route) => takesHost(route, host)),
      );
    }
    this.#others = sorted.filter((route) => route.host === undefined || route.host.startsWith('*'));
  }

  /** `host` without port in lower case, `path` as {@link routedPath} makes it. */
  find(host: string, path: string, head: Head): CompiledRoute | undefined {
    const known = this.#byHost.get(host);
    for (const route of known ?? this.#others) {
      if (known === undefined && !isOpenFor(route, host)) continue;
      if (!takesPath(route, path)) continue;
      if (route.headers.length > 0 && !hasHeaders(head, route.headers)) continue;
      return route;
    }
    return undefined;
  }
}

/** Whether the host, without port and in lower case, is one that the route takes. */
export function takesHost(route: CompiledRoute, host: string): boolean {
  return route.host === host || isOpenFor(route, host);
}

/** Whether the path, as {@link routedPath} makes it, is one that the route takes. */
export function takesPath(route: CompiledRoute, path: string): boolean {
  if (route.path !== undefined && route.path !== path) return false;
  return route.pathPrefix === undefined || isBelow(path, route.pathPrefix);
}

/** Whether a request has a header that a route wants, with exactly that value. */
export function takesHeader(head: Head, [name, value]: CompiledRoute['headers'][number]): boolean {
  return head.valueOf(name) === value;
}

/** Whether a route without an exact host takes this host. */
function isOpenFor(route: CompiledRoute, host: string): boolean {
  if (route.host === undefined) return true;
  if (!route.host.startsWith('*')) return false;
  const suffix = route.host.slice(1);
  return host.length > suffix.length && host.endsWith(suffix);
}

function hasHeaders(head: Head, wanted: CompiledRoute['headers']): boolean {
  return wanted.every((header) => takesHeader(head, header));
}

function compare(a: CompiledRoute, b: CompiledRoute): number {
  return (
    b.priority - a.priority ||
    hostRank(b) - hostRank(a) ||
    Number(b.path !== undefined) - Number(a.path !== undefined) ||
    (b.pathPrefix?.length ?? 0) - (a.pathPrefix?.length ?? 0) ||
    b.headers.length - a.headers.length
  );
}

/** Exact beats wildcard, the longer wildcard beats the shorter one. */
function hostRank(route: CompiledRoute): number {
  if (route.host === undefined) return 0;
  return route.host.startsWith('*') ? route.host.length : Number.MAX_SAFE_INTEGER;
}
