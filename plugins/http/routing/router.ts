import {
  inRouteOrder,
  takesHeader,
  takesHost,
  takesPath,
  takesUnnamedHost,
  type HeaderValues,
  type RouteConditions,
} from './route-conditions.ts';

/** Finds the route of a request: the first one, in their order, whose conditions all hold. */
export class Router<R extends RouteConditions> {
  /** All routes, in the order in which they are tried. */
  readonly ordered: readonly R[];
  /** Whether any route has a condition on the path. */
  readonly looksAtPaths: boolean;
  readonly #byHost = new Map<string, readonly R[]>();
  /** The routes for hosts that no route names exactly. */
  readonly #others: readonly R[];

  constructor(routes: readonly R[]) {
    const ordered = inRouteOrder(routes);
    this.ordered = ordered;
    this.looksAtPaths = ordered.some(
      ({ path, pathPrefix }) => path !== undefined || pathPrefix !== undefined,
    );
    for (const { host } of ordered) {
      if (host === undefined || host.startsWith('*') || this.#byHost.has(host)) continue;
      this.#byHost.set(
        host,
        ordered.filter((route) => takesHost(route, host)),
      );
    }
    this.#others = ordered.filter((route) => route.host === undefined || route.host.startsWith('*'));
  }

  /** `host` without port in lower case, `path` as {@link routedPath} makes it. */
  find(host: string, path: string, head: HeaderValues): R | undefined {
    const known = this.#byHost.get(host);
    for (const route of known ?? this.#others) {
      if (known === undefined && !takesUnnamedHost(route, host)) continue;
      if (!takesPath(route, path)) continue;
      if (route.headers.length > 0 && !hasHeaders(head, route)) continue;
      return route;
    }
    return undefined;
  }
}

function hasHeaders(head: HeaderValues, { headers }: RouteConditions): boolean {
  return headers.every((header) => takesHeader(head, header));
}
