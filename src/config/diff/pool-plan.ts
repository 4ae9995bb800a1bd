import type { RulesOf } from '../options/listener-options.ts';
import { UpstreamUses } from '../options/upstream-uses.ts';
import type { BackendConfig, Config, Upstream } from '../schema/config.generated.ts';
import { dialerSettingsOf } from '../sockets/dialer-settings.ts';
import { poolSettingsOf } from '../sockets/pool-settings.ts';
import { isEqual } from '../values/is-equal.ts';

/** Which upstreams keep sockets to their backends, and which of these another upstream keeps as well. */
export class PoolPlan {
  readonly #config: Config;
  readonly #uses: UpstreamUses;
  #owners: Map<string, Upstream[]> | undefined;

  constructor(config: Config, rulesOf: RulesOf) {
    this.#config = config;
    this.#uses = new UpstreamUses(config, rulesOf);
  }

  /** Each tunnel connects its own socket, unless `min_idle` keeps some ready. */
  hasPools({ name, connection_pool: pool, proxy_protocol: proxyProtocol }: Upstream): boolean {
    // With a PROXY header, each socket serves one client.
    if (!pool.enabled || proxyProtocol !== undefined) return false;
    // A protocol that does not say how it uses upstreams may keep sockets of any of them.
    return pool.min_idle > 0 || !this.#uses.isComplete || this.#uses.keepsSockets(name);
  }

  /** Whether sockets like those of that upstream to a backend are kept here too. */
  shares(upstream: Upstream, backend: BackendConfig): boolean {
    this.#owners ??= this.#byBackend();
    const owners = this.#owners.get(keyOf(backend)) ?? [];
    return owners.some((owner) => this.hasPools(owner) && isEqual(socketsOf(owner), socketsOf(upstream)));
  }

  #byBackend(): Map<string, Upstream[]> {
    const owners = new Map<string, Upstream[]>();
    for (const upstream of this.#config.upstreams) {
      for (const backend of upstream.backends) {
        const key = keyOf(backend);
        owners.set(key, [...(owners.get(key) ?? []), upstream]);
      }
    }
    return owners;
  }
}

/** All that the sockets in the pools of an upstream depend on, beside their backend. */
function socketsOf(upstream: Upstream): object {
  return {
    dialer: dialerSettingsOf(upstream),
    kept: poolSettingsOf(upstream, 'keep-alive'),
    once: poolSettingsOf(upstream, 'once'),
  };
}

function keyOf({ name, address }: BackendConfig): string {
  return `${name} ${address}`;
}
