import type {
  BackendConfig,
  Config,
  Listener as ListenerConfig,
  Upstream as UpstreamConfig,
} from '../config/config.generated.ts';
import { parseHashKey } from '../config/hash-key.ts';
import { BalanceError, messageOf } from '../errors.ts';
import type { DialOptions } from '../net/dial.ts';
import { LazyDeadline } from '../net/deadline.ts';
import { fieldsOf } from '../net/fields-of.ts';
import type { ReadBuffers } from '../net/read-buffers.ts';
import type { TunnelTally } from '../net/tunnel-tally.ts';
import type {
  HealthReport,
  Logger,
  ProtocolHost,
  ProtocolPlugin,
  SocketUse,
  Upstream,
} from '../plugin-api/index.ts';
import { checkInstance } from '../plugins/check-instance.ts';
import { createBalancer } from '../upstream/balancer/create-balancer.ts';
import { Member } from '../upstream/member.ts';
import type { PoolSettings } from '../upstream/socket-pool.ts';
import { UpstreamGroup } from '../upstream/upstream-group.ts';
import { Generation } from './generation.ts';
import { PlannedListener } from './planned-listener.ts';
import type { Registry } from './registry.ts';
import type { RuntimeTelemetry } from './runtime-telemetry.ts';
import { Unwinding } from './unwinding.ts';

export interface BuilderOptions {
  readonly registry: Registry;
  readonly buffers: ReadBuffers;
  readonly logger: Logger;
  readonly telemetry: RuntimeTelemetry;
  readonly tunnels: TunnelTally;
  readonly health: () => HealthReport;
}

/** The protocols that a generation is built with. */
export interface Protocols {
  /** undefined when there is none of that name. */
  get(name: string): ProtocolPlugin | undefined;
}

/** Builds generations beside the live one, in stages; a stage that fails takes back all that was built. */
export class GenerationBuilder {
  readonly #options: BuilderOptions;
  #lastId = 0;

  constructor(options: BuilderOptions) {
    this.#options = options;
  }

  /** `directory` is that of the config file. Throws a BalanceError when the config can't be made to work; then nothing of it is left. */
  async build(config: Config, hash: string, directory: string, protocols: Protocols): Promise<Generation> {
    const holdings = new Unwinding();
    try {
      const upstreams = new Map<string, UpstreamPlan>();
      for (const upstream of config.upstreams)
        upstreams.set(upstream.name, this.#upstream(upstream, holdings));
      const listeners: PlannedListener[] = [];
      for (const listener of config.listeners) {
        const planned = await this.#listener(listener, upstreams, directory, protocols);
        holdings.push(() => void planned.close());
        listeners.push(planned);
      }
      const groups = new Map([...upstreams].map(([name, plan]) => [name, plan.group]));
      this.#lastId += 1;
      return new Generation(this.#lastId, hash, config, groups, listeners, holdings);
    } catch (error) {
      holdings.unwind();
      throw error;
    }
  }

  #upstream(config: UpstreamConfig, holdings: Unwinding): UpstreamPlan {
    const dial: DialOptions = {
      connectTimeoutMs: config.timeouts.connect,
      buffers: this.#options.buffers,
      onFault: (error, subject) => {
        this.#options.telemetry.pluginFailed?.();
        this.#options.logger.error('protocol failed on a backend connection', {
          upstream: config.name,
          ...fieldsOf(subject),
          error: messageOf(error),
        });
      },
    };
    const members = config.backends.map((backend) => this.#member(config, backend, holdings));
    const group = new UpstreamGroup({
      name: config.name,
      algorithm: config.load_balancer.algorithm,
      keySource:
        config.load_balancer.hash_key === undefined ? undefined : parseHashKey(config.load_balancer.hash_key),
      balancer: createBalancer(config.load_balancer, members),
      members,
      readTimeoutMs: config.timeouts.read,
      queueSize: config.queue.max_size,
      queueTimeoutMs: config.queue.timeout,
      queueEnded: (end) => this.#options.telemetry.queue?.(end),
      dial,
    });
    holdings.push(() => {
      group.close();
    });
    return new UpstreamPlan(group, config, dial, this.#options.registry, holdings);
  }

  #member(upstream: UpstreamConfig, config: BackendConfig, holdings: Unwinding): Member {
    const backend = this.#options.registry.backend(config, holdings);
    const check = upstream.health_check;
    const health =
      check?.enabled === true ? this.#options.registry.monitor(backend, check, holdings) : undefined;
    return new Member({ backend, weight: config.weight, maxConnections: config.max_connections, health });
  }

  async #listener(
    listener: ListenerConfig,
    upstreams: ReadonlyMap<string, UpstreamPlan>,
    directory: string,
    protocols: Protocols,
  ): Promise<PlannedListener> {
    const plugin = protocols.get(listener.mode);
    if (plugin === undefined) {
      throw new BalanceError(
        'config_invalid',
        `listener ${listener.name}: no plugin speaks ${listener.mode}`,
        { origin: 'config' },
      );
    }
    const options =
      listener.mode === 'http'
        ? listener.http
        : listener.mode === 'tcp'
          ? listener.tcp
          : (listener.options ?? {});
    try {
      const host = this.#host(listener, upstreams, directory);
      return new PlannedListener(listener, checkInstance(await plugin.provision(options, host)), host.logger);
    } catch (error) {
      if (error instanceof BalanceError) throw error;
      throw new BalanceError(
        'plugin_failed',
        `listener ${listener.name}: plugin ${listener.mode} failed: ${messageOf(error)}`,
        {
          origin: 'config',
          cause: error,
        },
      );
    }
  }

  #host(
    listener: ListenerConfig,
    upstreams: ReadonlyMap<string, UpstreamPlan>,
    directory: string,
  ): ProtocolHost {
    const { logger, telemetry, tunnels, health } = this.#options;
    return {
      listener: listener.name,
      directory,
      logger: logger.child({ listener: listener.name }),
      telemetry,
      defaultUpstream: listener.upstream,
      health,
      upstream: (name, use) => {
        const plan = upstreams.get(name);
        if (plan === undefined) {
          throw new BalanceError(
            'config_invalid',
            `listener ${listener.name}: there is no upstream ${name}`,
            { origin: 'config' },
          );
        }
        return plan.forUse(use);
      },
      tunnel: (options) => {
        tunnels.open(options, listener.name);
      },
      deadline: (expired, subject) =>
        new LazyDeadline(() => {
          try {
            expired();
          } catch (error) {
            telemetry.pluginFailed?.();
            logger.error('protocol failed at a deadline', {
              listener: listener.name,
              ...fieldsOf(subject),
              error: messageOf(error),
            });
          }
        }),
    };
  }
}

/** An upstream being built: it gets pools for the uses that protocols ask for. */
class UpstreamPlan {
  readonly group: UpstreamGroup;
  readonly #config: UpstreamConfig;
  readonly #dial: DialOptions;
  readonly #registry: Registry;
  readonly #holdings: Unwinding;
  readonly #views = new Map<SocketUse, Upstream>();

  constructor(
    group: UpstreamGroup,
    config: UpstreamConfig,
    dial: DialOptions,
    registry: Registry,
    holdings: Unwinding,
  ) {
    this.group = group;
    this.#config = config;
    this.#dial = dial;
    this.#registry = registry;
    this.#holdings = holdings;
  }

  forUse(use: SocketUse): Upstream {
    let view = this.#views.get(use);
    if (view === undefined) {
      this.#addPools(use);
      view = this.group.forUse(use);
      this.#views.set(use, view);
    }
    return view;
  }

  #addPools(use: SocketUse): void {
    const pool = this.#config.connection_pool;
    // Sockets that serve once need a pool only to be connected ahead of time.
    if (!pool.enabled || (use === 'once' && pool.min_idle === 0)) return;
    const settings: PoolSettings = {
      maxSize: pool.max_size,
      minIdle: pool.min_idle,
      maxIdleTimeMs: pool.max_idle_time,
      maxAgeMs: pool.max_age,
      acquireTimeoutMs: pool.acquire_timeout,
      validateOnBorrow: pool.validate_on_borrow,
    };
    for (const member of this.group.members) {
      member.usePool(use, this.#registry.pool(member.backend, use, settings, this.#dial, this.#holdings));
    }
  }
}
