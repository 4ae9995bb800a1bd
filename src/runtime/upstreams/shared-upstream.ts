import type { HealthCheck, Upstream as UpstreamConfig } from '../../config/schema/config.generated.ts';
import { parseHashKey } from '../../config/values/hash-key.ts';
import type { DialOptions } from '../../net/dial/dial.ts';
import type { HostNames } from '../../net/dns/host-names.ts';
import { fieldsOf } from '../../net/faults/fields-of.ts';
import { reportFault } from '../../net/faults/plugin-fault.ts';
import type { ProcessResources } from '../../net/resources/process-resources.ts';
import type { ReadBuffers } from '../../net/transport/read-buffers.ts';
import type { Logger, SocketUse, Upstream } from '../../plugin-api/index.ts';
import type { BackendState } from '../../upstream/backend-state.ts';
import type { Balancer, Chance } from '../../upstream/balancer/balancer.ts';
import { balancerInSteps, createBalancer } from '../../upstream/balancer/create-balancer.ts';
import { Member } from '../../upstream/member.ts';
import type { LeaseHome } from '../../upstream/socket-lease.ts';
import type { PoolSettings } from '../../upstream/pool/pool-settings.ts';
import type { SocketPool } from '../../upstream/pool/socket-pool.ts';
import { UpstreamGroup } from '../../upstream/group/upstream-group.ts';
import { Registry, type WatchedAddress } from './registry.ts';
import type { RuntimeTelemetry } from './runtime-telemetry.ts';
import type { Held } from './shared-parts.ts';
import type { TimeSlicer } from '../../time/time-slicer.ts';

/** What upstreams are built from. */
export interface UpstreamParts {
  readonly registry: Registry;
  readonly names: HostNames;
  readonly buffers: ReadBuffers;
  readonly logger: Logger;
  readonly telemetry: RuntimeTelemetry;
  readonly resources?: ProcessResources | undefined;
  /** For what balancers draw. Default: `Math.random`. */
  readonly chance?: Chance | undefined;
}

/** One use of an upstream's sockets: how protocols see it, by their names, and the pools it takes, once they are there. */
interface UsedSockets {
  readonly views: Map<string, Upstream>;
  pools: readonly Held<SocketPool>[] | undefined;
}

/**
 * An upstream with all that it holds, shared by all generations whose config says the same about it. It is live until an
 * edit changes it; then it holds neither pools nor health checks any more, and when the last protocol instance that
 * used it is gone, no backend either.
 */
export class SharedUpstream implements LeaseHome {
  readonly config: UpstreamConfig;
  readonly group: UpstreamGroup;
  readonly #parts: UpstreamParts;
  readonly #dial: DialOptions;
  readonly #backends: readonly Held<BackendState>[];
  #monitors: readonly Held<WatchedAddress>[];
  readonly #uses = new Map<SocketUse, UsedSockets>();
  #holders = 0;
  #retired = false;
  /** Pools and health checks are given up, which comes before the backends that they belong to. */
  #emptied = false;
  #closed = false;

  private constructor(
    config: UpstreamConfig,
    parts: UpstreamParts,
    members: readonly Member[],
    balancer: Balancer<Member>,
    backends: readonly Held<BackendState>[],
    monitors: readonly Held<WatchedAddress>[],
  ) {
    this.config = config;
    this.#parts = parts;
    this.#backends = backends;
    this.#monitors = monitors;
    const countFault = parts.telemetry.pluginFailed?.bind(parts.telemetry);
    this.#dial = {
      connectTimeoutMs: config.timeouts.connect,
      keepAliveMs: config.tcp_keepalive,
      names: parts.names,
      buffers: parts.buffers,
      resources: parts.resources,
      onFault: (error, subject, owner) => {
        const fault = {
          plugin: owner?.plugin ?? this.#onlyProtocol ?? 'unknown',
          message: 'protocol failed on a backend connection',
          error,
          fields: { listener: owner?.listener, upstream: config.name, ...fieldsOf(subject) },
        };
        reportFault(fault, parts.logger, countFault);
      },
    };
    const { hash_key: hashKey } = config.load_balancer;
    this.group = new UpstreamGroup({
      name: config.name,
      algorithm: config.load_balancer.algorithm,
      keySource: hashKey === undefined ? undefined : parseHashKey(hashKey),
      balancer,
      remakeBalancer: () => createBalancer(config.load_balancer, members, parts.chance),
      members,
      readTimeoutMs: config.timeouts.read,
      queueSize: config.queue.max_size,
      queueTimeoutMs: config.queue.timeout,
      poolTimeoutMs: config.connection_pool.acquire_timeout,
      queueEnded: (end) => parts.telemetry.queue?.(end),
      passedOver: (request, { backend }, reason, error) => {
        if (!parts.logger.debugEnabled) return;
        parts.logger.debug('Backend passed over', {
          ...fieldsOf(request),
          upstream: config.name,
          backend: backend.name,
          reason,
          // Where another backend takes the request, no other line says what was wrong with this one.
          ...(error === undefined ? {} : { error: error.message }),
        });
      },
      dial: this.#dial,
      home: this,
    });
  }

  /** Of a lease that is over nobody knows any more who had it; mostly there is one who can. */
  get #onlyProtocol(): string | undefined {
    const protocols = new Set([...this.#uses.values()].flatMap(({ views }) => [...views.keys()]));
    return protocols.size === 1 ? [...protocols][0] : undefined;
  }

  /** Takes its parts from the registry and makes its balancer, slice by slice. */
  static async build(
    config: UpstreamConfig,
    parts: UpstreamParts,
    slicer: TimeSlicer,
  ): Promise<SharedUpstream> {
    const check = config.health_check?.enabled === true ? config.health_check : undefined;
    const checkKey = check === undefined ? '' : Registry.checkKey(check);
    const backends: Held<BackendState>[] = [];
    const monitors: Held<WatchedAddress>[] = [];
    const members: Member[] = [];
    try {
      await slicer.forEach(config.backends, (backend) => {
        const held = parts.registry.backend(backend);
        backends.push(held);
        members.push(
          new Member({
            backend: held.part,
            weight: backend.weight,
            maxConnections: backend.max_connections,
            health: check && heldMonitor(held.part, check, checkKey),
          }),
        );
      });
      const balancer = await slicer.finish(balancerInSteps(config.load_balancer, members, parts.chance));
      return new SharedUpstream(config, parts, members, balancer, backends, monitors);
    } catch (error) {
      for (const held of [...monitors, ...backends]) held.release();
      throw error;
    }

    function heldMonitor(backend: BackendState, settings: HealthCheck, key: string) {
      const held = parts.registry.monitor(backend, settings, key);
      monitors.push(held);
      return held.part.monitor;
    }
  }

  get name(): string {
    return this.config.name;
  }

  get members(): readonly Member[] {
    return this.group.members;
  }

  /** Whether a protocol that is live uses its sockets so. */
  isUsedFor(use: SocketUse): boolean {
    return this.#uses.has(use);
  }

  /** As that protocol sees it, for one use of sockets; {@link fill} gives it the pools. */
  forUse(use: SocketUse, protocol: string): Upstream {
    let used = this.#uses.get(use);
    if (used === undefined) {
      used = { views: new Map(), pools: undefined };
      this.#uses.set(use, used);
    }
    let view = used.views.get(protocol);
    if (view === undefined) {
      view = this.group.forUse(use, protocol);
      used.views.set(protocol, view);
    }
    return view;
  }

  /** Makes the pools of the uses that were asked for since the last time. */
  async fill(slicer: TimeSlicer): Promise<void> {
    for (const [use, used] of this.#uses) {
      if (used.pools !== undefined) continue;
      const pools: Held<SocketPool>[] = [];
      used.pools = pools;
      const settings = this.#poolSettings(use);
      if (settings === undefined) continue;
      await slicer.forEach(this.group.members, (member) => {
        pools.push(this.#usePool(member, use, settings));
      });
    }
  }

  /** {@link fill} at once, for a protocol that asks late. */
  fillNow(): void {
    for (const [use, used] of this.#uses) {
      if (used.pools !== undefined) continue;
      const settings = this.#poolSettings(use);
      used.pools =
        settings === undefined || this.#retired
          ? []
          : this.group.members.map((member) => this.#usePool(member, use, settings));
    }
  }

  /** Takes the pools of all other uses from the members, as no live protocol instance needs them; they wait to be released. */
  keep(uses: ReadonlySet<SocketUse>): readonly Held<SocketPool>[] {
    const dropped: Held<SocketPool>[] = [];
    for (const [use, { pools }] of this.#uses) {
      if (uses.has(use)) continue;
      this.#uses.delete(use);
      if (pools === undefined || pools.length === 0) continue;
      for (const member of this.group.members) member.dropPool(use);
      dropped.push(...pools);
    }
    return dropped;
  }

  /** A protocol instance uses it, or a lease that one of an earlier generation asked for: its backends stay known until that lets go. */
  hold(): void {
    this.#holders += 1;
  }

  letGo(): void {
    this.#holders -= 1;
    this.#closeWhenUnused();
  }

  /** No live generation has it any more. Never rejects. */
  async retire(slicer: TimeSlicer): Promise<void> {
    if (this.#retired) return;
    this.#retired = true;
    this.group.retire();
    const pools = this.keep(new Set());
    const monitors = this.#monitors;
    this.#monitors = [];
    await slicer.forEach([...pools, ...monitors], (held) => {
      held.release();
    });
    this.#emptied = true;
    this.#closeWhenUnused();
  }

  /** Lets go of everything now. */
  destroy(): void {
    this.#retired = true;
    for (const held of [...this.keep(new Set()), ...this.#monitors]) held.release();
    this.#monitors = [];
    this.#close();
  }

  #closeWhenUnused(): void {
    if (this.#emptied && this.#holders === 0) this.#close();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.group.close();
    for (const backend of this.#backends) backend.release();
  }

  #usePool(member: Member, use: SocketUse, settings: PoolSettings): Held<SocketPool> {
    const held = this.#parts.registry.pool(member.backend, use, settings, this.#dial);
    member.usePool(use, held.part);
    return held;
  }

  /** undefined where each lease connects anew. */
  #poolSettings(use: SocketUse): PoolSettings | undefined {
    const pool = this.config.connection_pool;
    // Sockets that serve once need a pool only to be connected ahead of time.
    if (!pool.enabled || (use === 'once' && pool.min_idle === 0)) return undefined;
    return {
      maxSize: pool.max_size,
      minIdle: pool.min_idle,
      // Sockets that serve once are all connected ahead: as many as min_idle says.
      maxIdle: use === 'once' ? 0 : pool.max_idle,
      maxIdleTimeMs: pool.max_idle_time,
      maxAgeMs: pool.max_age,
      validateOnBorrow: pool.validate_on_borrow,
    };
  }
}
