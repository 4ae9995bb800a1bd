import type { ConfigChange, OptionsEffect, OptionsSection } from '../../../src/plugin-api/index.ts';
import type {
  HeaderTransform,
  HttpFilter,
  HttpOptions,
  Route,
  Transform,
} from './schema/options.generated.ts';

const NEW_CONNECTIONS: OptionsEffect = { effect: 'hot', note: 'counts for new connections' };
const NEW_TUNNELS: OptionsEffect = { effect: 'hot', note: 'counts for new tunnels' };

/** The list of what an edit changes in the options of a listener. Nearly all options apply from the next request on. */
export function* diffOptions(
  before: HttpOptions,
  after: HttpOptions,
  section: OptionsSection,
): Generator<ConfigChange, void> {
  yield* diffRoutes(before.routes, after.routes, section);
  yield* diffFilters(before.filters, after.filters, section);
  yield* diffTransform(before.transform, after.transform, section);
  yield* section.list('error_pages', before.error_pages, after.error_pages, {
    noun: 'error page',
    nameOf: ({ statuses }) => statuses.join(','),
  });
  yield* section.settings(before, after, effectOf, ['routes', 'transform', 'filters', 'error_pages']);
}

function effectOf(key: string): OptionsEffect {
  if (key === 'timeouts.tunnel') return NEW_TUNNELS;
  return key.startsWith('timeouts.') ? NEW_CONNECTIONS : { effect: 'hot' };
}

function diffRoutes(
  before: readonly Route[],
  after: readonly Route[],
  section: OptionsSection,
): Iterable<ConfigChange> {
  const numbered = new Set([...before.filter(isNumbered), ...after.filter(isNumbered)]);
  const contentOf = (route: Route): string | undefined =>
    numbered.has(route) ? JSON.stringify({ ...route, ...withoutNames(route) }) : undefined;
  return section.list('routes', before, after, {
    noun: 'route',
    nameOf: ({ name }) => name,
    identities: [contentOf, ({ name }) => name],
    changed: diffRoute,
    reordered: 'routes in another order',
  });
}

/** True for a route without a name in the config. Such routes are numbered, so one more route changes the numbers of all after it. */
function isNumbered({ name }: Route, index: number): boolean {
  return name === `route-${index + 1}`;
}

/** What of a route depends on its name. */
function withoutNames(route: Route): Partial<Route> {
  const { name, upstream, mirror } = route;
  return {
    name: '',
    ...(upstream === undefined ? {} : { upstream: hasOwnUpstream(route) ? '' : upstream }),
    ...(mirror?.upstream === `mirror:${name}` ? { mirror: { ...mirror, upstream: '' } } : {}),
  };
}

/** Whether the upstream was made for the route alone. */
function hasOwnUpstream({ name, upstream }: Route): boolean {
  return upstream === `route:${name}`;
}

function* diffRoute(before: Route, after: Route, section: OptionsSection): Generator<ConfigChange, void> {
  const isMadeForIt = hasOwnUpstream(before) && hasOwnUpstream(after);
  const skipped = ['name', 'transform', 'filters', ...(isMadeForIt ? ['upstream'] : [])];
  yield* section.settings(before, after, undefined, skipped);
  yield* diffFilters(before.filters, after.filters, section);
  yield* diffTransform(before.transform, after.transform, section);
}

function diffFilters(
  before: readonly HttpFilter[],
  after: readonly HttpFilter[],
  section: OptionsSection,
): Iterable<ConfigChange> {
  return section.list('filters', before, after, {
    noun: 'filter',
    nameOf: ({ use }) => use,
    reordered: 'filters in another order',
  });
}

function* diffTransform(
  before: Transform | undefined,
  after: Transform | undefined,
  owner: OptionsSection,
): Generator<ConfigChange, void> {
  if (before === undefined || after === undefined) {
    if (before !== after) yield owner.setting('transform', { effect: 'hot' }, before, after);
    return;
  }
  const section = owner.section('transform');
  for (const list of ['request_headers', 'response_headers'] as const)
    yield* diffHeaders(list, before[list], after[list], section);
  yield* section.settings(before, after, undefined, ['request_headers', 'response_headers']);
}

function diffHeaders(
  list: 'request_headers' | 'response_headers',
  before: readonly HeaderTransform[],
  after: readonly HeaderTransform[],
  section: OptionsSection,
): Iterable<ConfigChange> {
  const words = list.replace('_', ' ');
  return section.list(list, before, after, {
    noun: words.slice(0, -1),
    nameOf: ({ action, name }) => `${action} ${name}`,
    identities: [({ action, name }) => `${action} ${name.toLowerCase()}`],
    secretName: ({ name }) => name,
    reordered: `${words} in another order`,
  });
}
