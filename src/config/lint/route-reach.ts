import { isBelow, routedConfigPath } from '../../plugin-api/values/routed-path.ts';
import type { HttpOptions, Route } from '../schema/config.generated.ts';

/** Ambiguous spellings, in the form that routes compare. */
const REFUSED = /%(?:2F|5C|00|C[01]|E0%[89]|F0%8)|\/\.{1,2};/;

/** Why no request ever gets to a route. */
export interface Unreachable {
  readonly route: Route;
  readonly index: number;
  readonly reason: string;
}

/** Routes that no request can get to, whatever it looks like. Silent where that would take more than one other route. */
export function unreachableRoutes({
  routes,
  health_endpoint: health,
  normalize_path: normalizes,
  ambiguous_paths: ambiguous,
  underscore_headers: underscores,
}: HttpOptions): Unreachable[] {
  const ordered = routes
    .map((original, index) => ({ route: routed(original), original, index }))
    .sort((a, b) => compare(a.route, b.route) || a.index - b.index);
  return ordered.flatMap(({ route, original, index }, place) => {
    const reason =
      contradiction(route, normalizes && ambiguous === 'refuse') ??
      droppedHeader(route, underscores) ??
      (health !== undefined && route.path === routedConfigPath(health)
        ? 'health_endpoint answers this path itself'
        : undefined) ??
      shadow(
        route,
        ordered.slice(0, place).map((earlier) => earlier.route),
      );
    return reason === undefined ? [] : [{ route: original, index, reason }];
  });
}

/** Whether a route takes every request that gets to it. */
export function takesEverything(route: Route): boolean {
  const { host, path, path_prefix: prefix, headers } = route;
  return (
    host === undefined && path === undefined && prefix === undefined && wantedHeaders(headers).size === 0
  );
}

/** The order in which routes are looked at: priority, host, exact path, longer prefix, number of headers. */
function compare(a: Route, b: Route): number {
  return (
    b.priority - a.priority ||
    hostRank(b) - hostRank(a) ||
    Number(b.path !== undefined) - Number(a.path !== undefined) ||
    (b.path_prefix?.length ?? 0) - (a.path_prefix?.length ?? 0) ||
    Object.keys(b.headers ?? {}).length - Object.keys(a.headers ?? {}).length
  );
}

function hostRank({ host }: Route): number {
  if (host === undefined) return 0;
  return host.startsWith('*') ? host.length : Number.MAX_SAFE_INTEGER;
}

function contradiction(
  { path, path_prefix: prefix, headers }: Route,
  refusesAmbiguous: boolean,
): string | undefined {
  const values = new Map<string, string>();
  for (const [name, value] of Object.entries(headers ?? {})) {
    const lower = name.toLowerCase();
    const other = values.get(lower);
    if (other !== undefined && other !== value) return `it wants two values of the header ${name}`;
    if (value !== value.replace(/^[ \t]+|[ \t]+$/g, '')) {
      return `the value of the header ${name} has white space around it, which no request has`;
    }
    values.set(lower, value);
  }
  const wanted = path ?? prefix;
  if (!refusesAmbiguous || wanted === undefined || !REFUSED.test(wanted)) return undefined;
  return 'normalize_path refuses every request with this path';
}

/** The route with its paths as requests are compared with them. */
function routed(route: Route): Route {
  const { path, path_prefix: prefix } = route;
  return {
    ...route,
    ...(path === undefined ? {} : { path: routedConfigPath(path) }),
    ...(prefix === undefined ? {} : { path_prefix: routedConfigPath(prefix) }),
  };
}

/** A header that no route gets to see. */
function droppedHeader({ headers }: Route, policy: HttpOptions['underscore_headers']): string | undefined {
  if (policy !== 'drop' && policy !== 'refuse') return undefined;
  const name = Object.keys(headers ?? {}).find((wanted) => wanted.includes('_'));
  return name && `underscore_headers: ${policy} keeps the header ${name} from routes`;
}

function shadow(route: Route, earlier: readonly Route[]): string | undefined {
  const other = earlier.find((candidate) => covers(candidate, route));
  return other && `the route ${other.name} is looked at earlier and takes all of its requests`;
}

/** Whether `wide` takes every request that `narrow` takes. */
function covers(wide: Route, narrow: Route): boolean {
  return coversHost(wide.host, narrow.host) && coversPath(wide, narrow) && coversHeaders(wide, narrow);
}

function coversHost(wide: string | undefined, narrow: string | undefined): boolean {
  if (wide === undefined) return true;
  if (narrow === undefined) return false;
  const [outer, inner] = [wide.toLowerCase(), narrow.toLowerCase()];
  if (outer === inner) return true;
  if (!outer.startsWith('*')) return false;
  // `*.b.c` lies below `*.c`; the wildcard itself stands for at least one letter.
  const suffix = outer.slice(1);
  return inner.length > suffix.length && inner.endsWith(suffix);
}

function coversPath(wide: Route, narrow: Route): boolean {
  if (wide.path !== undefined) return wide.path === narrow.path;
  if (wide.path_prefix === undefined) return true;
  const inner = narrow.path ?? narrow.path_prefix;
  return inner !== undefined && isBelow(inner, wide.path_prefix);
}

function coversHeaders(wide: Route, narrow: Route): boolean {
  const has = wantedHeaders(narrow.headers);
  return [...wantedHeaders(wide.headers)].every(([name, value]) => has.get(name) === value);
}

function wantedHeaders(headers: Route['headers']): ReadonlyMap<string, string> {
  return new Map(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
}
