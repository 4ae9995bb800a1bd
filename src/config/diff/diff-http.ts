import type { HeaderTransform, HttpOptions, Route, Transform } from '../schema/config.generated.ts';
import { isSecretName } from '../schema/mask-secrets.ts';
import type { ConfigChange } from './config-change.ts';
import { diffSettings } from './diff-settings.ts';
import { isEqual } from '../values/is-equal.ts';
import { matchItems } from './match-items.ts';
import { HOT, type Consequence, type ConfigSection } from './config-section.ts';

const NEW_CONNECTIONS: Consequence = { effect: 'hot', note: 'counts for new connections' };
const NEW_TUNNELS: Consequence = { effect: 'hot', note: 'counts for new tunnels' };

/** What changed about the settings of a listener in `mode: http`. Nearly all of it counts from the next request on. */
export function* diffHttp(
  before: HttpOptions,
  after: HttpOptions,
  section: ConfigSection,
): Generator<ConfigChange, void> {
  yield* diffRoutes(before.routes, after.routes, section);
  yield* diffTransform(before.transform, after.transform, section);
  yield* diffErrorPages(before, after, section);
  yield* diffSettings(before, after, section, consequenceOf, ['routes', 'transform', 'error_pages']);
}

function consequenceOf(key: string): Consequence {
  if (key === 'timeouts.tunnel') return NEW_TUNNELS;
  return key.startsWith('timeouts.') ? NEW_CONNECTIONS : HOT;
}

function* diffRoutes(
  before: readonly Route[],
  after: readonly Route[],
  http: ConfigSection,
): Generator<ConfigChange, void> {
  if (isEqual(before, after)) return;
  const numbered = new Set([...before.filter(isNumbered), ...after.filter(isNumbered)]);
  const contentOf = (route: Route): string | undefined =>
    numbered.has(route)
      ? JSON.stringify({ ...route, name: '', upstream: ownUpstream(route) ? '' : route.upstream })
      : undefined;
  const { added, removed, kept, isReordered } = matchItems(before, after, [contentOf, ({ name }) => name]);
  const at = ({ name }: Route): ConfigSection => http.item('routes', 'route', name);
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

function diffRoute(before: Route, after: Route, at: (route: Route) => ConfigSection): ConfigChange[] {
  if (isEqual(before, after)) return [];
  const section = at(after);
  const skipped = ['name', 'transform', ...(ownUpstream(before) && ownUpstream(after) ? ['upstream'] : [])];
  return [
    ...diffSettings(before, after, section, () => HOT, skipped),
    ...diffTransform(before.transform, after.transform, section),
  ];
}

function diffTransform(
  before: Transform | undefined,
  after: Transform | undefined,
  owner: ConfigSection,
): ConfigChange[] {
  if (isEqual(before, after)) return [];
  if (before === undefined || after === undefined) return [owner.setting(['transform'], HOT, before, after)];
  const section = owner.section('transform');
  return [
    ...diffHeaders(before.request_headers, after.request_headers, section, 'request_headers'),
    ...diffHeaders(before.response_headers, after.response_headers, section, 'response_headers'),
    ...diffSettings(before, after, section, () => HOT, ['request_headers', 'response_headers']),
  ];
}

function diffHeaders(
  before: readonly HeaderTransform[],
  after: readonly HeaderTransform[],
  section: ConfigSection,
  list: 'request_headers' | 'response_headers',
): ConfigChange[] {
  const identity = ({ action, name }: HeaderTransform): string => `${action} ${name.toLowerCase()}`;
  const { added, removed, kept, isReordered } = matchItems(before, after, [identity]);
  const words = list.replace('_', ' ');
  const at = ({ action, name }: HeaderTransform): ConfigSection =>
    section.item(list, words.slice(0, -1), `${action} ${name}`, isSecretName(name));
  const changes = [
    ...removed.map((header) => at(header).vanishes(HOT, header)),
    ...added.map((header) => at(header).appears(HOT, header)),
    ...kept.flatMap(([old, now]) => diffSettings(old, now, at(now), () => HOT)),
  ];
  if (!isReordered) return changes;
  return [
    ...changes,
    section.setting([list], HOT, before.map(identity), after.map(identity), `${words} in another order`),
  ];
}

function diffErrorPages(before: HttpOptions, after: HttpOptions, http: ConfigSection): ConfigChange[] {
  const identity = ({ statuses }: HttpOptions['error_pages'][number]): string => statuses.join(',');
  const { added, removed, kept } = matchItems(before.error_pages, after.error_pages, [identity]);
  const at = (page: HttpOptions['error_pages'][number]): ConfigSection =>
    http.item('error_pages', 'error page', identity(page));
  return [
    ...removed.map((page) => at(page).vanishes(HOT, page)),
    ...added.map((page) => at(page).appears(HOT, page)),
    ...kept.flatMap(([old, now]) => diffSettings(old, now, at(now), () => HOT, ['statuses'])),
  ];
}
