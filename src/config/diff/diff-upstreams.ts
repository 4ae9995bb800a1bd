import type { BackendConfig, Config, Upstream } from '../config.generated.ts';
import type { ConfigChange } from './config-change.ts';
import { diffSettings } from './diff-settings.ts';
import { matchNamed } from './match-named.ts';
import type { Place } from './place.ts';
import { HOT, type Consequence } from './place.ts';

const LEAVES: Consequence = {
  effect: 'drains',
  note: 'gets nothing new; exchanges and tunnels on it finish, idle sockets close',
};
const MOVES: Consequence = {
  effect: 'drains',
  note: 'what runs at the old address finishes there, idle sockets close',
};
const NEW_POOLS: Consequence = {
  effect: 'drains',
  note: 'sockets are connected anew; those in use finish, idle ones close',
};
const NEW_BALANCER: Consequence = { effect: 'hot', note: 'the new balancer begins without memory' };
const NEW_MONITORS: Consequence = { effect: 'hot', note: 'checks begin anew' };

/** What changed about upstreams and their backends. */
export function diffUpstreams(before: Config, after: Config, root: Place): ConfigChange[] {
  const { added, removed, kept } = matchNamed(before.upstreams, after.upstreams);
  const at = ({ name }: Upstream): Place => root.item('upstreams', 'upstream', name);
  return [
    ...removed.map((upstream) => at(upstream).vanishes(LEAVES, upstream)),
    ...added.map((upstream) => at(upstream).appears(HOT, upstream)),
    ...kept.flatMap(([old, now]) => diffUpstream(old, now, at(now))),
  ];
}

function diffUpstream(before: Upstream, after: Upstream, place: Place): ConfigChange[] {
  return [
    ...diffBackends(before.backends, after.backends, place),
    ...diffSettings(before, after, place, consequenceOf, ['name', 'backends']),
  ];
}

function diffBackends(
  before: readonly BackendConfig[],
  after: readonly BackendConfig[],
  upstream: Place,
): ConfigChange[] {
  const { added, removed, kept, isReordered } = matchNamed(before, after, ({ address }) => address);
  const at = ({ name }: BackendConfig): Place => upstream.item('backends', 'backend', name);
  const changes = [
    ...removed.map((backend) => at(backend).vanishes(LEAVES, backend)),
    ...added.map((backend) => at(backend).appears(HOT, backend)),
    ...kept.flatMap(([old, now]) => diffBackend(old, now, at(now))),
  ];
  if (!isReordered) return changes;
  const names = (list: readonly BackendConfig[]): string[] => list.map(({ name }) => name);
  return [
    ...changes,
    upstream.says('backends', 'backends in another order', HOT, names(before), names(after)),
  ];
}

function diffBackend(before: BackendConfig, after: BackendConfig, place: Place): ConfigChange[] {
  return diffSettings(before, after, place, (key) =>
    key === 'address' || key === 'name' || key === 'url' ? MOVES : HOT,
  );
}

function consequenceOf(key: string): Consequence {
  if (key.startsWith('connection_pool') || key === 'timeouts.connect') return NEW_POOLS;
  if (key.startsWith('load_balancer')) return NEW_BALANCER;
  if (key.startsWith('health_check')) return NEW_MONITORS;
  return HOT;
}
