import { isBelow, routedConfigPath } from '../../../src/plugin-api/values/routed-path.ts';
import type { Route } from '../config/schema/options.generated.ts';
import { hostName } from '../message/request-target.ts';

/** The conditions under which a route takes a request, in the forms in which they are compared. */
export interface RouteConditions {
  readonly name: string;
  /** Exact lower-case host, `*.suffix`, or undefined for any. */
  readonly host: string | undefined;
  /** The whole path, as {@link routedPath} makes it; undefined for any. */
  readonly path: string | undefined;
  /** The beginning of the path, in the same form; undefined for any. */
  readonly pathPrefix: string | undefined;
  /** Lower-case field names with the exact value that each must have. */
  readonly headers: readonly HeaderCondition[];
  readonly priority: number;
}

export type HeaderCondition = readonly [lowerName: string, value: string];

/** Where the value of a header field is looked up. */
export interface HeaderValues {
  /** The value of the first field of that name; undefined when there is none. */
  valueOf(lowerName: string): string | undefined;
}

/** The conditions of a route of the config. For undefined: those of the listener's own upstream, which takes every request. */
export function routeConditions(route: Route | undefined): RouteConditions {
  return {
    name: route?.name ?? '',
    host: route?.host === undefined ? undefined : hostName(route.host),
    path: route?.path === undefined ? undefined : routedConfigPath(route.path),
    pathPrefix: route?.path_prefix === undefined ? undefined : routedConfigPath(route.path_prefix),
    headers: Object.entries(route?.headers ?? {}).map(
      ([name, value]) => [name.toLowerCase(), value] as const,
    ),
    priority: route?.priority ?? 0,
  };
}

/**
 * The routes in the order in which they are tried. A higher priority comes first. Among equals the more specific route comes first: an
 * exact host before a wildcard before any host, an exact path before a prefix, a longer prefix before a shorter one, more headers before
 * fewer. Last, the order of the config decides.
 */
export function inRouteOrder<R extends RouteConditions>(routes: readonly R[]): readonly R[] {
  return routes
    .map((route, index) => ({ route, index }))
    .sort((a, b) => compare(a.route, b.route) || a.index - b.index)
    .map(({ route }) => route);
}

/** Whether the route takes that host, which is without port and in lower case. */
export function takesHost(route: RouteConditions, host: string): boolean {
  return route.host === host || takesUnnamedHost(route, host);
}

/** Whether a route without an exact host takes this host. */
export function takesUnnamedHost(route: RouteConditions, host: string): boolean {
  if (route.host === undefined) return true;
  if (!route.host.startsWith('*')) return false;
  const suffix = route.host.slice(1);
  return host.length > suffix.length && host.endsWith(suffix);
}

/** Whether the route takes that path, which is as {@link routedPath} makes it. */
export function takesPath(route: RouteConditions, path: string): boolean {
  if (route.path !== undefined && route.path !== path) return false;
  return route.pathPrefix === undefined || isBelow(path, route.pathPrefix);
}

/** Whether a request has the header that a route wants, with exactly that value. */
export function takesHeader(head: HeaderValues, [name, value]: HeaderCondition): boolean {
  return head.valueOf(name) === value;
}

function compare(a: RouteConditions, b: RouteConditions): number {
  return (
    b.priority - a.priority ||
    hostRank(b) - hostRank(a) ||
    Number(b.path !== undefined) - Number(a.path !== undefined) ||
    (b.pathPrefix?.length ?? 0) - (a.pathPrefix?.length ?? 0) ||
    b.headers.length - a.headers.length
  );
}

/** An exact host comes before a wildcard, and the longer wildcard before the shorter one. */
function hostRank({ host }: RouteConditions): number {
  if (host === undefined) return 0;
  return host.startsWith('*') ? host.length : Number.MAX_SAFE_INTEGER;
}
