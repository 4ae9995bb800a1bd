import type { ExchangeRecord } from '../../../plugin-api/telemetry.ts';
import { labelText } from '../exposition.ts';
import type { Series } from '../exposition.ts';
import { NamedThings } from './named-things.ts';

/** The routes of the live config by listener; `undefined` for a protocol that does not tell them. */
export type KnownRoutes = ReadonlyMap<string, ReadonlySet<string> | undefined>;

/** The `route` label of what the listener's own upstream got. */
const OWN_UPSTREAM = 'default';
/** The `route` label of what no route took, or was answered before any was looked at. */
const NO_ROUTE = 'none';
/** The `route` label of routes beyond {@link MOST_ROUTES}. */
const OTHER_ROUTE = 'other';
/** Routes of a listener with series of their own. */
const MOST_ROUTES = 1_000;
/** By the first digit of the status; 0 where none reached the client. */
const CLASSES = ['0', '1xx', '2xx', '3xx', '4xx', '5xx', 'other'] as const;
/** Shown from the start: a rate sees no increase in a series that begins with it. */
const FIRST_CLASSES: ReadonlySet<string> = new Set(['2xx', '5xx']);

/** Requests by listener and route. One costs a few comparisons and an addition: many in a row have the same route. */
export class RouteCounters {
  readonly #routes: () => KnownRoutes;
  readonly #byListener: NamedThings<Map<string, Float64Array>>;
  #lastListener = '';
  #lastRoute = '';
  #last: Float64Array | undefined;

  /** `routes` are those of the config that is live. */
  constructor(routes: () => KnownRoutes) {
    this.#routes = routes;
    this.#byListener = new NamedThings(
      () => routes().keys(),
      () => new Map<string, Float64Array>(),
    );
  }

  exchange({ listener, route, upstream, status }: ExchangeRecord): void {
    const label = route !== '' ? route : upstream === '' ? NO_ROUTE : OWN_UPSTREAM;
    let counts = this.#last;
    if (counts === undefined || label !== this.#lastRoute || listener !== this.#lastListener) {
      counts = this.#countsOf(listener, label);
      this.#lastListener = listener;
      this.#lastRoute = label;
      this.#last = counts;
    }
    const digit = Math.trunc(status / 100);
    const index = digit >= 0 && digit <= 5 ? digit : CLASSES.length - 1;
    counts[index] = (counts[index] ?? 0) + 1;
  }

  /** A route that an edit removed takes its series along; a request of it that ends later counts for nobody. */
  forgetOthers(routes: KnownRoutes = this.#routes()): void {
    this.#byListener.forgetOthers(new Set(routes.keys()));
    for (const [listener, known] of routes) {
      const byRoute = this.#byListener.get(listener);
      for (const route of byRoute?.keys() ?? []) if (!isShown(known, route)) byRoute?.delete(route);
    }
    this.#last = undefined;
  }

  *series(): Iterable<Series> {
    for (const [listener, known] of this.#routes()) {
      const byRoute = this.#byListener.get(listener);
      for (const route of shownRoutes(known, byRoute)) {
        const counts = byRoute?.get(route);
        for (const [index, status] of CLASSES.entries()) {
          const value = counts?.[index] ?? 0;
          if (value > 0 || FIRST_CLASSES.has(status))
            yield { labels: labelText({ listener, route, status }), value };
        }
      }
    }
  }

  #countsOf(listener: string, route: string): Float64Array {
    const byRoute = this.#byListener.of(listener);
    const name = byRoute.has(route) || byRoute.size < MOST_ROUTES ? route : OTHER_ROUTE;
    let counts = byRoute.get(name);
    if (counts === undefined) {
      counts = new Float64Array(CLASSES.length);
      byRoute.set(name, counts);
    }
    return counts;
  }
}

function isShown(known: ReadonlySet<string> | undefined, route: string): boolean {
  return known?.has(route) !== false || route === NO_ROUTE || route === OTHER_ROUTE;
}

/** Those of the config first, and those that were counted; as many as may have series. */
function shownRoutes(
  known: ReadonlySet<string> | undefined,
  counted: ReadonlyMap<string, unknown> | undefined,
): Iterable<string> {
  const names = new Set([...(counted?.keys() ?? [])].filter((route) => isShown(known, route)));
  for (const route of known ?? []) if (names.size < MOST_ROUTES) names.add(route);
  return names;
}
