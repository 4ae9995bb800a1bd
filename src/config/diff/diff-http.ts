import type { HeaderTransform, HttpOptions, Route, Transform } from '../schema/config.generated.ts';
import { isSecretName } from '../schema/mask-secrets.ts';
import type { ConfigChange } from './config-change.ts';
import { diffSettings } from './diff-settings.ts';
import { isEqual } from './is-equal.ts';
import { matchItems } from './match-items.ts';
import { HOT, type Consequence, type Place } from './place.ts';

const NEW_CONNECTIONS: Consequence = { effect: 'hot', note: 'counts for new connections' };
const NEW_TUNNELS: Consequence = { effect: 'hot', note: 'counts for new tunnels' };

/** What changed about the settings of a listener in `mode: http`. Nearly all of it counts from the next request on. */
export function* diffHttp(
  before: HttpOptions,
  after: HttpOptions,
  place: Place,
): Generator<ConfigChange, void> {
  yield* diffRoutes(before.routes, after.routes, place);
  yield* diffTransform(before.transform, after.transform, place);
  yield* diffErrorPages(before, after, place);
  yield* diffSettings(before, after, place, consequenceOf, ['routes', 'transform', 'error_pages']);
}

function consequenceOf(key: string): Consequence {
  if (key === 'timeouts.tunnel') return NEW_TUNNELS;
  return key.startsWith('timeouts.') ? NEW_CONNECTIONS : HOT;
}

function* diffRoutes(
  before: readonly Route[],
  after: readonly Route[],
  http: Place,
): Generator<ConfigChange, void> {
  if (isEqual(before, after)) return;
  const numbered = new Set([...before.filter(isNumbered), ...after.filter(isNumbered)]);
  const contentOf = (route: Route): string | undefined =>
    numbered.has(route)
      ? JSON.stringify({ ...route, name: '', upstream: ownUpstream(route) ? '' : route.upstream })
      : undefined;
  const { added, removed, kept, isReordered } = matchItems(before, after, [contentOf, ({ name }) => name]);
  const at = ({ name }: Route): Place => http.item('routes', 'route', name);
  for (const route of removed) yield at(route).vanishes(HOT, route);
  for (const route of added) yield at(route).appears(HOT, route);
  for (const [old, now] of kept) yield* diffRoute(old, now, at);
  if (!isReordered) return;
  const names = (list: readonly Route[]): string[] => list.map(({ name }) => name);
  yield http.setting(['routes'], HOT, names(before), names(after), 'routes in another order');
}

/** Routes that have no name of their own are counted, so one more moves the numbers of all behind it. */
function isNumbered({ name }: Route, index: number): boolean {
  return name === `route-${index + 1}`;
}

/** Whether the upstream is one that came about through the route alone. */
function ownUpstream({ name, upstream }: Route): boolean {
  return upstream === `route:${name}`;
}

function diffRoute(before: Route, after: Route, at: (route: Route) => Place): ConfigChange[] {
  if (isEqual(before, after)) return [];
  const place = at(after);
  const skipped = ['name', 'transform', ...(ownUpstream(before) && ownUpstream(after) ? ['upstream'] : [])];
  return [
    ...diffSettings(before, after, place, () => HOT, skipped),
    ...diffTransform(before.transform, after.transform, place),
  ];
}

function diffTransform(
  before: Transform | undefined,
  after: Transform | undefined,
  owner: Place,
): ConfigChange[] {
  if (isEqual(before, after)) return [];
  if (before === undefined || after === undefined) return [owner.setting(['transform'], HOT, before, after)];
  const place = owner.section('transform');
  return [
    ...diffHeaders(before.request_headers, after.request_headers, place, 'request_headers'),
    ...diffHeaders(before.response_headers, after.response_headers, place, 'response_headers'),
    ...diffSettings(before, after, place, () => HOT, ['request_headers', 'response_headers']),
  ];
}

function diffHeaders(
  before: readonly HeaderTransform[],
  after: readonly HeaderTransform[],
  place: Place,
  list: 'request_headers' | 'response_headers',
): ConfigChange[] {
  const identity = ({ action, name }: HeaderTransform): string => `${action} ${name.toLowerCase()}`;
  const { added, removed, kept, isReordered } = matchItems(before, after, [identity]);
  const words = list.replace('_', ' ');
  const at = ({ action, name }: HeaderTransform): Place =>
    place.item(list, words.slice(0, -1), `${action} ${name}`, isSecretName(name));
  const changes = [
    ...removed.map((header) => at(header).vanishes(HOT, header)),
    ...added.map((header) => at(header).appears(HOT, header)),
    ...kept.flatMap(([old, now]) => diffSettings(old, now, at(now), () => HOT)),
  ];
  if (!isReordered) return changes;
  return [
    ...changes,
    place.setting([list], HOT, before.map(identity), after.map(identity), `${words} in another order`),
  ];
}

function diffErrorPages(before: HttpOptions, after: HttpOptions, http: Place): ConfigChange[] {
  const identity = ({ statuses }: HttpOptions['error_pages'][number]): string => statuses.join(',');
  const { added, removed, kept } = matchItems(before.error_pages, after.error_pages, [identity]);
  const at = (page: HttpOptions['error_pages'][number]): Place =>
    http.item('error_pages', 'error page', identity(page));
  return [
    ...removed.map((page) => at(page).vanishes(HOT, page)),
    ...added.map((page) => at(page).appears(HOT, page)),
    ...kept.flatMap(([old, now]) => diffSettings(old, now, at(now), () => HOT, ['statuses'])),
  ];
}
