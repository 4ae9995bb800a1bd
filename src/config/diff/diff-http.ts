import type { HttpOptions, Route } from '../config.generated.ts';
import type { ConfigChange } from './config-change.ts';
import { diffSettings } from './diff-settings.ts';
import { matchNamed } from './match-named.ts';
import { HOT, type Place } from './place.ts';

/** What changed about the settings of a listener in `mode: http`. All of it counts from the next request on. */
export function diffHttp(before: HttpOptions, after: HttpOptions, place: Place): ConfigChange[] {
  return [
    ...diffRoutes(before.routes, after.routes, place),
    ...diffSettings(before, after, place, () => HOT, ['routes']),
  ];
}

function diffRoutes(before: readonly Route[], after: readonly Route[], http: Place): ConfigChange[] {
  const { added, removed, kept, isReordered } = matchNamed(before, after);
  const at = ({ name }: Route): Place => http.item('routes', 'route', name);
  const changes = [
    ...removed.map((route) => at(route).vanishes(HOT, route)),
    ...added.map((route) => at(route).appears(HOT, route)),
    ...kept.flatMap(([old, now]) => diffSettings(old, now, at(now), () => HOT)),
  ];
  if (!isReordered) return changes;
  const names = (list: readonly Route[]): string[] => list.map(({ name }) => name);
  return [...changes, http.says('routes', 'routes in another order', HOT, names(before), names(after))];
}
