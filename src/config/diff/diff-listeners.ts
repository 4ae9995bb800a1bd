import type { Listener } from '../schema/config.generated.ts';
import type { ConfigChange } from './config-change.ts';
import { diffHttp } from './diff-http.ts';
import { diffSettings } from './diff-settings.ts';
import { isEqual } from '../values/is-equal.ts';
import { matchItems } from './match-items.ts';
import { HOT, type Consequence, type ConfigSection } from './config-section.ts';
import type { SocketPlan } from './socket-plan.ts';

const OTHER_PROTOCOL: Consequence = {
  effect: 'drains',
  note: 'the socket stays; connections of the old mode finish what runs on them and close',
};
const NEW_CONNECTIONS: Consequence = { effect: 'hot', note: 'counts for new connections' };

/** What changed about listeners and all that they do. */
export function* diffListeners(
  before: readonly Listener[],
  after: readonly Listener[],
  sockets: SocketPlan,
  root: ConfigSection,
): Generator<ConfigChange, void> {
  const { added, removed, kept } = matchItems(before, after, [({ name }) => name, ({ address }) => address]);
  const at = ({ name }: Listener): ConfigSection => root.item('listeners', 'listener', name);
  for (const listener of removed) yield at(listener).vanishes(sockets.closing(listener), listener);
  for (const listener of added) yield at(listener).appears(sockets.binding(listener), listener);
  for (const [old, now] of kept) if (!isEqual(old, now)) yield* diffListener(old, now, at(now), sockets);
}

function* diffListener(
  before: Listener,
  after: Listener,
  section: ConfigSection,
  sockets: SocketPlan,
): Generator<ConfigChange, void> {
  const consequenceOf = (key: string): Consequence => {
    if (key === 'address') return sockets.moving(before, after);
    if (key === 'name') return sockets.renaming(before, after);
    if (key === 'mode') return OTHER_PROTOCOL;
    if (key === 'socket_mode') return HOT;
    return key === 'max_connections' || key === 'tcp_keepalive' || after.mode !== 'http'
      ? NEW_CONNECTIONS
      : HOT;
  };
  if (before.mode !== after.mode) {
    // Their settings say nothing to each other.
    yield* diffSettings(before, after, section, consequenceOf, ['http', 'tcp', 'options']);
    return;
  }
  yield* diffSettings(before, after, section, consequenceOf, ['http']);
  if (before.http !== undefined && after.http !== undefined)
    yield* diffHttp(before.http, after.http, section.section('http'));
}
