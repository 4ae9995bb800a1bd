import type { Listener } from '../config.generated.ts';
import type { ConfigChange } from './config-change.ts';
import { diffHttp } from './diff-http.ts';
import { diffSettings } from './diff-settings.ts';
import { isEqual } from './is-equal.ts';
import { matchItems } from './match-items.ts';
import { HOT, type Consequence, type Place } from './place.ts';
import type { SocketPlan } from './socket-plan.ts';

const OTHER_PROTOCOL: Consequence = {
  effect: 'drains',
  note: 'the socket stays; connections of the old mode finish what runs on them and close',
};
const NEW_CONNECTIONS: Consequence = { effect: 'hot', note: 'counts for new connections' };

/** What changed about listeners and all that they do. */
export function diffListeners(
  before: readonly Listener[],
  after: readonly Listener[],
  sockets: SocketPlan,
  root: Place,
): ConfigChange[] {
  const { added, removed, kept } = matchItems(before, after, [({ name }) => name, ({ address }) => address]);
  const at = ({ name }: Listener): Place => root.item('listeners', 'listener', name);
  return [
    ...removed.map((listener) => at(listener).vanishes(sockets.closing(listener), listener)),
    ...added.map((listener) => at(listener).appears(sockets.binding(listener), listener)),
    ...kept.flatMap(([old, now]) => (isEqual(old, now) ? [] : diffListener(old, now, at(now), sockets))),
  ];
}

function diffListener(before: Listener, after: Listener, place: Place, sockets: SocketPlan): ConfigChange[] {
  const consequenceOf = (key: string): Consequence => {
    if (key === 'address') return sockets.moving(before, after);
    if (key === 'name') return sockets.renaming(before, after);
    if (key === 'mode') return OTHER_PROTOCOL;
    return key === 'max_connections' || after.mode !== 'http' ? NEW_CONNECTIONS : HOT;
  };
  if (before.mode !== after.mode) {
    // Their settings say nothing to each other.
    return diffSettings(before, after, place, consequenceOf, ['http', 'tcp', 'options']);
  }
  return [
    ...diffSettings(before, after, place, consequenceOf, ['http']),
    ...(before.http === undefined || after.http === undefined
      ? []
      : diffHttp(before.http, after.http, place.section('http'))),
  ];
}
