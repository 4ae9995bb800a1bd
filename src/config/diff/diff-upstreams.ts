import type { BackendConfig, Config, Upstream } from '../schema/config.generated.ts';
import type { ConfigChange } from './config-change.ts';
import { diffSettings } from './diff-settings.ts';
import { isEqual } from '../values/is-equal.ts';
import { matchItems } from './match-items.ts';
import { HOT, type Consequence, type ConfigSection } from './config-section.ts';
import { PoolPlan } from './pool-plan.ts';

const NEW_POOLS: Consequence = {
  effect: 'drains',
  note: 'sockets are connected anew; those in use finish, idle ones close',
};
const NEW_BALANCER: Consequence = { effect: 'hot', note: 'the new balancer begins anew' };
const OTHER_KEYS: Consequence = { effect: 'hot', note: 'keys may lead to other backends than before' };
const CHECKED: Consequence = { effect: 'hot', note: 'a backend counts as healthy until its first check' };
const UNCHECKED: Consequence = { effect: 'hot', note: 'all backends count as healthy' };
const CHECKED_ANEW: Consequence = {
  effect: 'hot',
  note: 'checks begin anew with what is known of each backend',
};
const OLD_LINE: Consequence = {
  effect: 'hot',
  note: 'counts for those who wait already, from when they came',
};

/** What changed about upstreams and their backends. */
export function* diffUpstreams(
  before: Config,
  after: Config,
  root: ConfigSection,
): Generator<ConfigChange, void> {
  if (isEqual(before.upstreams, after.upstreams)) return;
  const { added, removed, kept } = matchItems(before.upstreams, after.upstreams, [
    contentOfNumbered,
    ({ name }) => name,
  ]);
  const at = ({ name }: Upstream): ConfigSection => root.item('upstreams', 'upstream', name);
  const plans = { before: new PoolPlan(before), after: new PoolPlan(after) };
  for (const upstream of removed)
    yield at(upstream).vanishes(leaving(upstream, upstream.backends, plans), upstream);
  for (const upstream of added) yield at(upstream).appears(HOT, upstream);
  for (const [old, now] of kept)
    if (!isEqual(old, now)) yield* new UpstreamDiff(old, now, at(now), plans).changes();
}

interface Plans {
  readonly before: PoolPlan;
  readonly after: PoolPlan;
}

/** Upstreams of routes that are counted have no name of their own either. */
function contentOfNumbered(upstream: Upstream): string | undefined {
  return /^route:route-\d+$/.test(upstream.name) ? JSON.stringify({ ...upstream, name: '' }) : undefined;
}

/** What it means that backends leave an upstream. */
function leaving(upstream: Upstream, backends: readonly BackendConfig[], plans: Plans): Consequence {
  const closes =
    plans.before.hasPools(upstream) && backends.some((backend) => !plans.after.shares(upstream, backend));
  const note = 'gets nothing new; exchanges and tunnels on it finish';
  return { effect: 'drains', note: closes ? `${note}, idle sockets close` : note };
}

class UpstreamDiff {
  readonly #before: Upstream;
  readonly #after: Upstream;
  readonly #section: ConfigSection;
  readonly #plans: Plans;

  constructor(before: Upstream, after: Upstream, section: ConfigSection, plans: Plans) {
    this.#before = before;
    this.#after = after;
    this.#section = section;
    this.#plans = plans;
  }

  *changes(): Generator<ConfigChange, void> {
    const consequenceOf = (key: string): Consequence => this.#consequenceOf(key);
    yield* this.#backends();
    yield* diffSettings(this.#before, this.#after, this.#section, consequenceOf, ['name', 'backends']);
  }

  *#backends(): Generator<ConfigChange, void> {
    const [before, after] = [this.#before.backends, this.#after.backends];
    if (isEqual(before, after)) return;
    const { added, removed, kept, isReordered } = matchItems(before, after, [
      ({ name }) => name,
      ({ address }) => address,
    ]);
    const at = ({ name }: BackendConfig): ConfigSection => this.#section.item('backends', 'backend', name);
    for (const backend of removed)
      yield at(backend).vanishes(leaving(this.#before, [backend], this.#plans), backend);
    for (const backend of added) yield at(backend).appears(HOT, backend);
    for (const [old, now] of kept) if (!isEqual(old, now)) yield* this.#backend(old, now, at(now));
    if (!isReordered) return;
    const names = (list: readonly BackendConfig[]): string[] => list.map(({ name }) => name);
    yield this.#section.setting(['backends'], HOT, names(before), names(after), 'backends in another order');
  }

  #backend(before: BackendConfig, after: BackendConfig, section: ConfigSection): ConfigChange[] {
    const moves = leaving(this.#before, [before], this.#plans);
    const consequenceOf = (key: string): Consequence => {
      if (key === 'address') return { ...moves, note: `at the old address ${moves.note ?? ''}` };
      // Whoever counts knows a backend by its name.
      if (key === 'name') return { ...moves, note: `under the old name ${moves.note ?? ''}` };
      return HOT;
    };
    return diffSettings(before, after, section, consequenceOf, ['url']);
  }

  #consequenceOf(key: string): Consequence {
    if (key === 'connection_pool.acquire_timeout') return OLD_LINE;
    if (key.startsWith('connection_pool') || key === 'timeouts.connect' || key === 'tcp_keepalive') {
      return this.#plans.before.hasPools(this.#before) ? NEW_POOLS : HOT;
    }
    if (key === 'load_balancer.algorithm') return NEW_BALANCER;
    if (key === 'load_balancer.hash_key') return OTHER_KEYS;
    if (key.startsWith('health_check')) return this.#healthChange();
    return key.startsWith('queue') ? OLD_LINE : HOT;
  }

  #healthChange(): Consequence {
    const isChecked = ({ health_check: check }: Upstream): boolean => check?.enabled === true;
    if (!isChecked(this.#after)) return isChecked(this.#before) ? UNCHECKED : HOT;
    return isChecked(this.#before) ? CHECKED_ANEW : CHECKED;
  }
}
