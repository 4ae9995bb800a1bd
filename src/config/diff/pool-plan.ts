import type { BackendConfig, Config, Upstream } from '../schema/config.generated.ts';
import { isEqual } from '../values/is-equal.ts';

/** Which upstreams keep sockets to their backends, and which of these another upstream keeps as well. */
export class PoolPlan {
  readonly #config: Config;
  readonly #tunnelled: ReadonlySet<string>;
  #owners: Map<string, Upstream[]> | undefined;

  constructor(config: Config) {
    this.#config = config;
    this.#tunnelled = onlyTunnelled(config);
  }

  /** Tunnels connect anew each, unless sockets are to be kept ready for them. */
  hasPools({ name, connection_pool: pool }: Upstream): boolean {
    return pool.enabled && (pool.min_idle > 0 || !this.#tunnelled.has(name));
  }

  /** Whether sockets like those of that upstream to a backend are kept here too. */
  shares(upstream: Upstream, backend: BackendConfig): boolean {
    this.#owners ??= this.#byBackend();
    const owners = this.#owners.get(keyOf(backend)) ?? [];
    return owners.some(
      (owner) =>
        this.hasPools(owner) &&
        owner.timeouts.connect === upstream.timeouts.connect &&
        owner.tcp_keepalive === upstream.tcp_keepalive &&
        isEqual(socketsOf(owner), socketsOf(upstream)),
    );
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

/** The settings of the pool that its sockets depend on. */
function socketsOf({ connection_pool: pool }: Upstream): object {
  return { ...pool, acquire_timeout: 0 };
}

function keyOf({ name, address }: BackendConfig): string {
  return `${name} ${address}`;
}

/** Upstreams that only listeners in mode tcp use. A plugin may use any, in any way. */
function onlyTunnelled({ listeners, upstreams }: Config): ReadonlySet<string> {
  if (listeners.some(({ mode }) => mode !== 'http' && mode !== 'tcp')) return new Set();
  const exchanged = new Set(
    listeners.flatMap(({ upstream, http }) =>
      http === undefined ? [] : [upstream, ...http.routes.map((route) => route.upstream)],
    ),
  );
  return new Set(upstreams.map(({ name }) => name).filter((name) => !exchanged.has(name)));
}
