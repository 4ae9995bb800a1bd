import { isBelow, routedConfigPath } from '../../../src/plugin-api/values/routed-path.ts';
import { hasAmbiguousSpelling } from '../routing/normal-path.ts';
import { inRouteOrder, routeConditions, type RouteConditions } from '../routing/route-conditions.ts';
import type { HttpOptions, Route } from './schema/options.generated.ts';

/** A route that no request can reach, and the reason. */
export interface UnreachableRoute {
  /** The index of the route in the config. */
  readonly index: number;
  readonly reason: string;
}

/** A route with the value of each header that it wants. */
interface Candidate extends RouteConditions {
  readonly index: number;
  readonly wanted: ReadonlyMap<string, string>;
}

/** The routes that no request can reach. A route that only several others together cover is not found. */
export function unreachableRoutes(options: HttpOptions): UnreachableRoute[] {
  const candidates = options.routes.map((route, index): Candidate => {
    const conditions = routeConditions(route);
    return { ...conditions, index, wanted: new Map(conditions.headers) };
  });
  const ordered = inRouteOrder(candidates);
  return ordered.flatMap((route, place) => {
    const { index } = route;
    const reason =
      contradiction(options.routes[index]?.headers) ??
      refusedPath(route, options) ??
      droppedHeader(options.routes[index]?.headers, options.underscore_headers) ??
      ownPath(route, options) ??
      shadow(route, ordered.slice(0, place));
    return reason === undefined ? [] : [{ index, reason }];
  });
}

/** Whether a route takes every request that gets to it. */
export function takesEverything({ host, path, path_prefix: prefix, headers }: Route): boolean {
  return (
    host === undefined &&
    path === undefined &&
    prefix === undefined &&
    Object.keys(headers ?? {}).length === 0
  );
}

/** The reason when no request can fulfil all conditions on headers. */
function contradiction(headers: Route['headers']): string | undefined {
  const values = new Map<string, string>();
  for (const [name, value] of Object.entries(headers ?? {})) {
    const lower = name.toLowerCase();
    const other = values.get(lower);
    if (other !== undefined && other !== value) return `it wants two values of the header ${name}`;
    if (value !== value.replace(/^[ \t]+|[ \t]+$/g, ''))
      return `the value of the header ${name} has white space around it, which no request has`;
    values.set(lower, value);
  }
  return undefined;
}

/** The reason when the listener refuses the path, because backends may read it in several ways. */
function refusedPath({ path, pathPrefix }: Candidate, options: HttpOptions): string | undefined {
  const wanted = path ?? pathPrefix;
  if (!options.normalize_path || options.ambiguous_paths !== 'refuse') return undefined;
  return wanted !== undefined && hasAmbiguousSpelling(wanted)
    ? 'normalize_path refuses every request with this path'
    : undefined;
}

/** The reason when the listener answers the path itself. */
function ownPath({ path }: Candidate, { health_endpoint: health }: HttpOptions): string | undefined {
  return health !== undefined && path === routedConfigPath(health)
    ? 'health_endpoint answers this path itself'
    : undefined;
}

/** The reason when the listener drops a header before routes are tried. */
function droppedHeader(
  headers: Route['headers'],
  policy: HttpOptions['underscore_headers'],
): string | undefined {
  if (policy !== 'drop' && policy !== 'refuse') return undefined;
  const name = Object.keys(headers ?? {}).find((wanted) => wanted.includes('_'));
  return name && `underscore_headers: ${policy} keeps the header ${name} from routes`;
}

/** The reason when an earlier route takes all requests of this one. */
function shadow(route: Candidate, earlier: readonly Candidate[]): string | undefined {
  const other = earlier.find((candidate) => covers(candidate, route));
  return other && `the route ${other.name} is tried first and takes all of its requests`;
}

/** Whether `wide` takes every request that `narrow` takes. */
function covers(wide: Candidate, narrow: Candidate): boolean {
  if (!coversHost(wide.host, narrow.host) || !coversPath(wide, narrow)) return false;
  return [...wide.wanted].every(([name, value]) => narrow.wanted.get(name) === value);
}

function coversHost(wide: string | undefined, narrow: string | undefined): boolean {
  if (wide === undefined || wide === narrow) return true;
  if (narrow === undefined || !wide.startsWith('*')) return false;
  // `*.b.c` lies below `*.c`; the wildcard itself stands for at least one letter.
  const suffix = wide.slice(1);
  return narrow.length > suffix.length && narrow.endsWith(suffix);
}

function coversPath(wide: Candidate, narrow: Candidate): boolean {
  if (wide.path !== undefined) return wide.path === narrow.path;
  if (wide.pathPrefix === undefined) return true;
  const inner = narrow.path ?? narrow.pathPrefix;
  return inner !== undefined && isBelow(inner, wide.pathPrefix);
}
