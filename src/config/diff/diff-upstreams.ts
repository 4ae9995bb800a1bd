import type { RulesOf } from '../options/listener-options.ts';
import type { BackendConfig, Config, Upstream } from '../schema/config.generated.ts';
import type { ConfigChange } from './config-change.ts';
import { isEqual } from '../values/is-equal.ts';
import { HOT, type Effect, type ConfigSection } from './config-section.ts';
import { PoolPlan } from './pool-plan.ts';
import { diffUpstreamTls } from './diff-upstream-tls.ts';

const NEW_POOLS: Effect = {
  effect: 'drains',
  note: 'sockets are connected anew; those in use finish, idle ones close',
};
const NEW_BALANCER: Effect = { effect: 'hot', note: 'the new balancer begins anew' };
const OTHER_KEYS: Effect = { effect: 'hot', note: 'keys may lead to other backends than before' };
const CHECKED: Effect = { effect: 'hot', note: 'until its first check, a backend has its initial_state' };
const UNCHECKED: Effect = { effect: 'hot', note: 'all backends count as healthy' };
const CHECKED_ANEW: Effect = {
  effect: 'hot',
  note: 'checks begin anew with what is known of each backend',
};
const AGENT: Effect = { effect: 'hot', note: 'what agents said before counts until they answer again' };
const OLD_QUEUE: Effect = {
  effect: 'hot',
  note: 'counts for those who wait already, from when they came',
};

/** What changed about upstreams and their backends. */
export function* diffUpstreams(
  before: Config,
  after: Config,
  root: ConfigSection,
  rulesOf: RulesOf,
): Generator<ConfigChange, void> {
  if (isEqual(before.upstreams, after.upstreams)) return;
  const plans = { before: new PoolPlan(before, rulesOf), after: new PoolPlan(after, rulesOf) };
  yield* root.list('upstreams', before.upstreams, after.upstreams, {
    noun: 'upstream',
    nameOf: ({ name }) => name,
    identities: [contentOfNumbered, ({ name }) => name],
    removed: (upstream) => leaving(upstream, upstream.backends, plans),
    changed: (old, now, section) => new UpstreamDiff(old, now, section, plans).changes(),
  });
}

interface Plans {
  readonly before: PoolPlan;
  readonly after: PoolPlan;
}

/** Upstreams of routes that are numbered have no name of their own either. */
function contentOfNumbered(upstream: Upstream): string | undefined {
  return /^route:route-\d+$/.test(upstream.name) ? JSON.stringify({ ...upstream, name: '' }) : undefined;
}

/** What it means that backends leave an upstream. */
function leaving(upstream: Upstream, backends: readonly BackendConfig[], plans: Plans): Effect {
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
    const effectOf = (key: string): Effect => this.#effectOf(key);
    yield* this.#section.list('backends', this.#before.backends, this.#after.backends, {
      noun: 'backend',
      nameOf: ({ name }) => name,
      identities: [({ name }) => name, ({ address }) => address],
      removed: (backend) => leaving(this.#before, [backend], this.#plans),
      changed: (old, now, section) => this.#backend(old, now, section),
      reordered: 'backends in another order',
    });
    yield* this.#section.settings(this.#before, this.#after, effectOf, ['name', 'backends', 'tls']);
    yield* diffUpstreamTls(this.#before.tls, this.#after.tls, this.#section, this.#effectOf('tls'));
  }

  #backend(before: BackendConfig, after: BackendConfig, section: ConfigSection): Iterable<ConfigChange> {
    const moves = leaving(this.#before, [before], this.#plans);
    const effectOf = (key: string): Effect => {
      if (key === 'address') return { ...moves, note: `at the old address ${moves.note ?? ''}` };
      // Counters, and what is kept about a backend, go by its name.
      if (key === 'name') return { ...moves, note: `under the old name ${moves.note ?? ''}` };
      return HOT;
    };
    return section.settings(before, after, effectOf, ['url']);
  }

  #effectOf(key: string): Effect {
    if (key === 'connection_pool.acquire_timeout') return OLD_QUEUE;
    if (
      key === 'tls' ||
      key === 'proxy_protocol' ||
      key.startsWith('connection_pool') ||
      key === 'timeouts.connect' ||
      key === 'tcp_keepalive'
    ) {
      return this.#plans.before.hasPools(this.#before) ? NEW_POOLS : HOT;
    }
    if (key === 'load_balancer.algorithm') return NEW_BALANCER;
    if (key === 'load_balancer.hash_key') return OTHER_KEYS;
    if (key.startsWith('health_check.agent_check')) return AGENT;
    if (key.startsWith('health_check')) return this.#healthChange();
    return key.startsWith('queue') ? OLD_QUEUE : HOT;
  }

  #healthChange(): Effect {
    const isChecked = ({ health_check: check }: Upstream): boolean => check?.enabled === true;
    if (!isChecked(this.#after)) return isChecked(this.#before) ? UNCHECKED : HOT;
    return isChecked(this.#before) ? CHECKED_ANEW : CHECKED;
  }
}
