import { isBelow, routedConfigPath } from '../../../src/plugin-api/values/routed-path.ts';
import { hasAmbiguousSpelling } from '../routing/normal-path.ts';
import type { RequestCondition } from '../routing/request-conditions.ts';
import {
  isPath,
  routeConditions,
  type PathCondition,
  type RouteConditions,
} from '../routing/route-conditions.ts';
import { routeEntries, type RouteEntry } from '../routing/route-entry.ts';
import type { HttpOptions, Route } from './schema/options.generated.ts';

/** A route that no request can reach, and the reason. */
export interface UnreachableRoute {
  /** The index of the route in the config. */
  readonly index: number;
  readonly reason: string;
}

interface Candidate extends RouteConditions {
  readonly index: number;
}

/**
 * The routes that no request can reach. A route that only several others together cover is not found, unless each pair of its hosts and
 * paths has one that covers it.
 */
export function unreachableRoutes(options: HttpOptions): UnreachableRoute[] {
  const candidates = options.routes.map((route, index): Candidate => ({ ...routeConditions(route), index }));
  const entries = routeEntries(candidates);
  return candidates.flatMap((route) => {
    const { index } = route;
    const { headers } = options.routes[index] ?? {};
    const reason =
      contradiction(headers) ??
      refusedPath(route, options) ??
      droppedHeader(headers, options.underscore_headers) ??
      ownPath(route, options) ??
      shadow(route, entries);
    return reason === undefined ? [] : [{ index, reason }];
  });
}

/** Whether a route takes every request that gets to it. */
export function takesEverything(route: Route): boolean {
  const { hosts, paths, others } = routeConditions(route);
  return hosts.length === 0 && paths.length === 0 && others.length === 0;
}

/** The reason when no request can fulfil all conditions on headers. */
function contradiction(headers: Route['headers']): string | undefined {
  const values = new Map<string, string>();
  for (const [name, wanted] of Object.entries(headers ?? {})) {
    const value = typeof wanted === 'string' ? wanted : wanted.exact;
    if (value === undefined) continue;
    const lower = name.toLowerCase();
    const other = values.get(lower);
    if (other !== undefined && other !== value) return `it wants two values of the header ${name}`;
    if (value !== value.replace(/^[ \t]+|[ \t]+$/g, ''))
      return `the value of the header ${name} has white space around it, which no request has`;
    values.set(lower, value);
  }
  return undefined;
}

/** The reason when the listener refuses all paths of a route, because backends may read them in several ways. */
function refusedPath({ paths }: Candidate, options: HttpOptions): string | undefined {
  if (!options.normalize_path || options.ambiguous_paths !== 'refuse' || paths.length === 0) return undefined;
  return paths.every(({ kind, text }) => kind !== 'regex' && hasAmbiguousSpelling(text))
    ? 'normalize_path refuses every request with this path'
    : undefined;
}

/** The reason when the listener answers the path itself. */
function ownPath({ paths }: Candidate, { health_endpoint: health }: HttpOptions): string | undefined {
  if (health === undefined || paths.length === 0) return undefined;
  const own = routedConfigPath(health);
  return paths.every(({ kind, text }) => kind === 'exact' && text === own)
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

/** The reason when earlier routes take all requests of this one. */
function shadow(route: Candidate, entries: readonly RouteEntry<Candidate>[]): string | undefined {
  const pairs = entries.filter((entry) => entry.route === route);
  const covering = pairs.map((pair) =>
    entries.slice(0, pair.order).find((other) => other.route !== route && covers(other, pair)),
  );
  const names = new Set(covering.map((other) => other?.route.name));
  if (names.has(undefined)) return undefined;
  const [name] = names;
  return names.size === 1
    ? `the route ${String(name)} is tried first and takes all of its requests`
    : `the routes ${[...names].join(', ')} are tried first and take all of its requests`;
}

/** Whether `wide` takes every request that `narrow` takes. */
function covers(wide: RouteEntry<Candidate>, narrow: RouteEntry<Candidate>): boolean {
  if (!coversHost(wide.host, narrow.host) || !coversPath(wide.path, narrow.path)) return false;
  return wide.route.others.every((condition) =>
    narrow.route.others.some((other) => coversCondition(condition, other)),
  );
}

/** Whether a request that fulfils the one condition always fulfils the other. */
function coversCondition(wide: RequestCondition, narrow: RequestCondition): boolean {
  if (wide.of !== narrow.of) return false;
  if (wide.of !== 'methods') return wide.wanted === narrow.wanted;
  const taken = new Set(wide.wanted.split(', '));
  return narrow.wanted.split(', ').every((method) => taken.has(method));
}

function coversHost(wide: string | undefined, narrow: string | undefined): boolean {
  if (wide === undefined || wide === narrow) return true;
  if (narrow === undefined || !wide.startsWith('*')) return false;
  // `*.b.c` lies below `*.c`; the wildcard itself stands for at least one letter.
  const suffix = wide.slice(1);
  return narrow.length > suffix.length && narrow.endsWith(suffix);
}

function coversPath(wide: PathCondition | undefined, narrow: PathCondition | undefined): boolean {
  if (wide === undefined) return true;
  if (narrow === undefined) return false;
  if (wide.kind === narrow.kind && wide.text === narrow.text) return true;
  if (narrow.kind === 'exact') return isPath(wide, narrow.text);
  if (wide.kind === 'prefix' && narrow.kind === 'prefix') return isBelow(narrow.text, wide.text);
  return wide.kind === 'suffix' && narrow.kind === 'suffix' && narrow.text.endsWith(wide.text);
}
