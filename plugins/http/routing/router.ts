import { PathTable } from './path-table.ts';
import type { HeaderValues, RequestFacts } from './request-conditions.ts';
import type { RouteConditions } from './route-conditions.ts';
import { routeEntries, type RouteEntry } from './route-entry.ts';

/** Finds the route of a request: the first one, in their order, whose conditions all hold. */
export class Router<R extends RouteConditions> {
  /** All routes by their hosts and paths, in the order in which they are tried. */
  readonly entries: readonly RouteEntry<R>[];
  /** Whether any route has a condition on the path. */
  readonly looksAtPaths: boolean;
  readonly #byHost: ReadonlyMap<string, PathTable<R>>;
  /** By what follows the star of a wildcard: `.example.com`. */
  readonly #bySuffix: ReadonlyMap<string, PathTable<R>>;
  /** The routes for any host. */
  readonly #anyHost: PathTable<R>;

  constructor(routes: readonly R[]) {
    this.entries = routeEntries(routes);
    this.looksAtPaths = routes.some(looksAtPath);
    const named = this.entries.filter(({ host }) => host !== undefined && !host.startsWith('*'));
    const wild = this.entries.filter(({ host }) => host?.startsWith('*') === true);
    this.#byHost = tables(named, ({ host = '' }) => host);
    this.#bySuffix = tables(wild, ({ host = '' }) => host.slice(1));
    this.#anyHost = new PathTable(this.entries.filter(({ host }) => host === undefined));
  }

  /** `host` without port in lower case, `path` as `routedPath` makes it. */
  find(host: string, path: string, head: HeaderValues, facts: RequestFacts): R | undefined {
    let best = this.#byHost.get(host)?.find(undefined, host, path, head, facts);
    if (this.#bySuffix.size > 0)
      // A wildcard stands for at least one letter in front of its dot.
      for (let dot = host.indexOf('.', 1); dot > 0; dot = host.indexOf('.', dot + 1)) {
        const table = this.#bySuffix.get(host.slice(dot));
        if (table !== undefined) best = table.find(best, host, path, head, facts);
      }
    return this.#anyHost.find(best, host, path, head, facts)?.route;
  }
}

/** Whether the path of a request decides about a route. */
function looksAtPath({ paths, others }: RouteConditions): boolean {
  return paths.length > 0 || others.some(({ of }) => of === 'not');
}

function tables<R extends RouteConditions>(
  entries: readonly RouteEntry<R>[],
  keyOf: (entry: RouteEntry<R>) => string,
): ReadonlyMap<string, PathTable<R>> {
  const lists = new Map<string, RouteEntry<R>[]>();
  for (const entry of entries) {
    const key = keyOf(entry);
    const list = lists.get(key);
    if (list === undefined) lists.set(key, [entry]);
    else list.push(entry);
  }
  return new Map([...lists].map(([key, list]) => [key, new PathTable(list)]));
}
