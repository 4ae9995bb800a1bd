import type { ExchangeRecord } from '../../../plugin-api/telemetry.ts';
import { labelText } from '../exposition/exposition.ts';
import type { Series } from '../exposition/exposition.ts';
import type { MetricsSnapshot } from '../snapshot/metrics-snapshot.ts';
import type { AddableCounters } from '../readings/addable-counters.ts';
import type { CounterReader } from '../readings/counter-reader.ts';
import type { CounterWriter } from '../readings/counter-writer.ts';
import { CountersByName } from './counters-by-name.ts';

/** The `route` label of requests for the listener's own upstream. */
const OWN_UPSTREAM = 'default';
/** The `route` label of requests that no route matched, or that were answered before the routes were tried. */
const NO_ROUTE = 'none';
/** The `route` label of routes beyond {@link MOST_ROUTES}. */
const OTHER_ROUTE = 'other';
/** Number of routes of a listener that have series of their own. */
const MOST_ROUTES = 1_000;
/** The values of the label `status`, by the first digit of the status; 0 where no status reached the client. */
const CLASSES = ['0', '1xx', '2xx', '3xx', '4xx', '5xx', 'other'] as const;
/** These classes are shown with the value 0 from the start: a rate does not see the first increase in a series that begins with it. */
const FIRST_CLASSES: ReadonlySet<string> = new Set(['2xx', '5xx']);

/** Counts the requests of one listener by route. */
class ListenerRoutes implements AddableCounters {
  readonly #byRoute = new Map<string, Float64Array>();

  /** The counts of a route by the index of {@link CLASSES}; those of all routes beyond the first are the same. */
  of(route: string): Float64Array {
    const name = this.#byRoute.has(route) || this.#byRoute.size < MOST_ROUTES ? route : OTHER_ROUTE;
    let counts = this.#byRoute.get(name);
    if (counts === undefined) {
      counts = new Float64Array(CLASSES.length);
      this.#byRoute.set(name, counts);
    }
    return counts;
  }

  get(route: string): Float64Array | undefined {
    return this.#byRoute.get(route);
  }

  names(): Iterable<string> {
    return this.#byRoute.keys();
  }

  forgetOthers(known: ReadonlySet<string> | undefined): void {
    for (const route of this.#byRoute.keys()) if (!isShown(known, route)) this.#byRoute.delete(route);
  }

  read(into: CounterWriter): void {
    into.number(this.#byRoute.size);
    for (const [route, counts] of this.#byRoute) {
      into.text(route);
      for (const count of counts) into.number(count);
    }
  }

  add(from: CounterReader): void {
    for (let left = from.number(); left > 0; left--) {
      const counts = this.of(from.text());
      for (const [index, count] of counts.entries()) counts[index] = count + from.number();
    }
  }
}

/** Counts requests by listener and route. Consecutive requests often have the same route, so that most cost two comparisons and an addition. */
export class RouteCounters implements AddableCounters {
  readonly #byListener: CountersByName<ListenerRoutes>;
  #lastListener = '';
  #lastRoute = '';
  #last: Float64Array | undefined;

  /** @param listeners returns the names of the listeners that exist now */
  constructor(listeners: () => Iterable<string>) {
    this.#byListener = new CountersByName(listeners, () => new ListenerRoutes());
  }

  exchange({ listener, route, upstream, status }: ExchangeRecord): void {
    const label = route !== '' ? route : upstream === '' ? NO_ROUTE : OWN_UPSTREAM;
    let counts = this.#last;
    if (counts === undefined || label !== this.#lastRoute || listener !== this.#lastListener) {
      counts = this.#byListener.of(listener).of(label);
      this.#lastListener = listener;
      this.#lastRoute = label;
      this.#last = counts;
    }
    const digit = Math.trunc(status / 100);
    const index = digit >= 0 && digit <= 5 ? digit : CLASSES.length - 1;
    counts[index] = (counts[index] ?? 0) + 1;
  }

  /** Forgets the counters of routes that an edit removed. A request of such a route that ends later is not shown. */
  forgetOthers({ routes }: Pick<MetricsSnapshot, 'routes'>): void {
    this.#byListener.forgetOthers(new Set(routes.keys()));
    for (const [listener, known] of routes) this.#byListener.get(listener)?.forgetOthers(known);
    this.#last = undefined;
  }

  read(into: CounterWriter): void {
    this.#byListener.read(into);
  }

  add(from: CounterReader): void {
    this.#byListener.add(from);
  }

  *series({ routes }: Pick<MetricsSnapshot, 'routes'>): Iterable<Series> {
    for (const [listener, known] of routes) {
      const counted = this.#byListener.get(listener);
      for (const route of shownRoutes(known, counted)) {
        const counts = counted?.get(route);
        for (const [index, status] of CLASSES.entries()) {
          const value = counts?.[index] ?? 0;
          if (value > 0 || FIRST_CLASSES.has(status))
            yield { labels: labelText({ listener, route, status }), value };
        }
      }
    }
  }
}

function isShown(known: ReadonlySet<string> | undefined, route: string): boolean {
  return known?.has(route) !== false || route === NO_ROUTE || route === OTHER_ROUTE;
}

/** The routes that are shown: those that were counted, then those of the config, up to {@link MOST_ROUTES}. */
function shownRoutes(
  known: ReadonlySet<string> | undefined,
  counted: ListenerRoutes | undefined,
): Iterable<string> {
  const names = new Set([...(counted?.names() ?? [])].filter((route) => isShown(known, route)));
  for (const route of known ?? []) if (names.size < MOST_ROUTES) names.add(route);
  return names;
}
