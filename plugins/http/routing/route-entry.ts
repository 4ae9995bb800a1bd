import type { AskedRequest, HeaderValues, RequestFacts } from './request-conditions.ts';
import {
  isHost,
  isPath,
  type PathCondition,
  type PathKind,
  type RouteConditions,
} from './route-conditions.ts';

/** A route by one of its hosts and one of its paths, at its place in the order in which routes are tried. */
export interface RouteEntry<R extends RouteConditions> {
  readonly route: R;
  /** undefined: any host. */
  readonly host: string | undefined;
  /** undefined: any path. */
  readonly path: PathCondition | undefined;
  /** Its place in the order, from 0. */
  readonly order: number;
}

/** Which kind of path comes first, when priority and host are equal. */
const KIND_RANKS: Readonly<Record<PathKind, number>> = { exact: 4, regex: 3, suffix: 2, prefix: 1 };

/**
 * All pairs of a host and a path of all routes, in the order in which they are tried. A higher priority comes first. Among equals the more
 * specific pair comes first: an exact host before a wildcard, and the longer wildcard before the shorter one, before any host; an exact
 * path before a regular expression before a suffix before a prefix before any path, and the longer suffix or prefix before the shorter
 * one; then more further conditions before fewer. Last, the order of the config decides.
 */
export function routeEntries<R extends RouteConditions>(routes: readonly R[]): readonly RouteEntry<R>[] {
  return routes
    .flatMap((route, index) => pairs(route, index))
    .sort((a, b) => compare(a, b) || a.order - b.order)
    .map((entry, order) => ({ ...entry, order }));
}

/** Whether all conditions of an entry beside its host and path hold. */
export function holdsOtherwise(
  { others }: RouteConditions,
  host: string,
  path: string,
  head: HeaderValues,
  facts: RequestFacts,
): boolean {
  if (others.length === 0) return true;
  const asked: AskedRequest = { host, path, head, facts };
  return others.every((condition) => condition.holds(asked));
}

/** Whether the pair is that of a request. */
export function isPairOf(
  { host: wantedHost, path: wantedPath }: RouteEntry<RouteConditions>,
  host: string,
  path: string,
): boolean {
  return (
    (wantedHost === undefined || isHost(wantedHost, host)) &&
    (wantedPath === undefined || isPath(wantedPath, path))
  );
}

function pairs<R extends RouteConditions>(route: R, order: number): RouteEntry<R>[] {
  const hosts = route.hosts.length === 0 ? [undefined] : route.hosts;
  const paths = route.paths.length === 0 ? [undefined] : route.paths;
  return hosts.flatMap((host) => paths.map((path) => ({ route, host, path, order })));
}

function compare(a: RouteEntry<RouteConditions>, b: RouteEntry<RouteConditions>): number {
  return (
    b.route.priority - a.route.priority ||
    hostRank(b) - hostRank(a) ||
    kindRank(b) - kindRank(a) ||
    pathLength(b) - pathLength(a) ||
    b.route.others.length - a.route.others.length
  );
}

/** An exact host comes before a wildcard, and the longer wildcard before the shorter one. */
function hostRank({ host }: RouteEntry<RouteConditions>): number {
  if (host === undefined) return 0;
  return host.startsWith('*') ? host.length : Number.MAX_SAFE_INTEGER;
}

function kindRank({ path }: RouteEntry<RouteConditions>): number {
  return path === undefined ? 0 : KIND_RANKS[path.kind];
}

function pathLength({ path }: RouteEntry<RouteConditions>): number {
  return path?.kind === 'prefix' || path?.kind === 'suffix' ? path.text.length : 0;
}
