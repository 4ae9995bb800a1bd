import type { Listener as ListenerConfig } from '../../config/schema/config.generated.ts';
import { BalanceError } from '../../errors.ts';
import { callPlugin } from '../../net/faults/plugin-call.ts';
import { LazyDeadline } from '../../net/deadline.ts';
import { LifetimeScope } from '../../net/resources/lifetime-scope.ts';
import { fieldsOf, reportFault } from '../../net/faults/plugin-fault.ts';
import type { TunnelStats } from '../../net/tunnel/tunnel-stats.ts';
import type {
  ByteStream,
  Deadline,
  HealthReport,
  LogFields,
  Logger,
  LogSubject,
  OverloadView,
  OwnMetrics,
  HttpFilterPlugin,
  ProtocolHost,
  ProtocolPlugin,
  SocketUse,
  TunnelOptions,
  TunnelResult,
  Upstream,
} from '../../plugin-api/index.ts';
import { ImportedPlugin } from '../../plugins/checks/imported-plugin.ts';
import type { RuntimeTelemetry } from '../upstreams/runtime-telemetry.ts';
import type { SharedUpstream } from '../upstreams/shared-upstream.ts';

/** What the hosts of all protocol instances share. */
export interface HostParts {
  readonly logger: Logger;
  readonly telemetry: RuntimeTelemetry;
  readonly tunnels: TunnelStats;
  readonly health: () => HealthReport;
  /** Default: this thread is never overloaded. */
  readonly overload?: OverloadView | undefined;
  /** As {@link ProtocolHost.proxyId}. */
  readonly proxyId: string;
  /** As {@link ProtocolHost.workers}. */
  readonly workers: number;
  readonly metricsPage: OwnMetrics['page'];
}

const NEVER_OVERLOADED: OverloadView = { refusesRequests: false, retryAfterMs: 0 };

/** The upstreams of a generation by name. */
export type Upstreams = ReadonlyMap<string, SharedUpstream>;

/** The plugins of a generation by name, protocols and filters. */
export interface Plugins {
  get(name: string): ProtocolPlugin | undefined;
}

const NO_PLUGINS: Plugins = { get: () => undefined };

function filterIn(plugins: Plugins, name: string): HttpFilterPlugin | undefined {
  const plugin = plugins.get(name);
  return plugin instanceof ImportedPlugin ? plugin.filter : undefined;
}

/** What the core gives to one protocol instance. It remembers which upstreams the instance uses, and holds them until the instance is closed. */
export class ListenerHost implements ProtocolHost {
  readonly proxyId: string;
  readonly workers: number;
  readonly listener: string;
  readonly directory: string;
  readonly logger: Logger;
  readonly telemetry: RuntimeTelemetry;
  readonly defaultUpstream: string | undefined;
  readonly health: () => HealthReport;
  readonly overload: OverloadView;
  readonly metrics: OwnMetrics | undefined;
  readonly #protocol: string;
  readonly #tunnels: TunnelStats;
  /** Leases and tunnels that the instance has not ended yet; undefined where nobody follows them. */
  readonly #scope: LifetimeScope | undefined;
  readonly #used = new Map<SharedUpstream, Set<SocketUse>>();
  /** Names of upstreams that the instance asked for and that do not exist. */
  readonly #missing = new Set<string>();
  readonly #plugins: Plugins;
  /** The filters that the instance asked for, by name. */
  readonly #filters = new Map<string, HttpFilterPlugin | undefined>();
  #upstreams: Upstreams;
  #provisioned = false;
  #closed = false;

  /** @param isFollowed whether the instance's leases and tunnels are followed one by one, so that none is left when it has closed */
  constructor(
    config: ListenerConfig,
    directory: string,
    upstreams: Upstreams,
    parts: HostParts,
    metrics?: OwnMetrics,
    isFollowed = true,
    plugins: Plugins = NO_PLUGINS,
  ) {
    this.#plugins = plugins;
    this.proxyId = parts.proxyId;
    this.workers = parts.workers;
    this.listener = config.name;
    this.directory = directory;
    this.logger = parts.logger.child({ listener: config.name });
    this.telemetry = parts.telemetry;
    this.defaultUpstream = config.upstream;
    this.health = parts.health;
    this.overload = parts.overload ?? NEVER_OVERLOADED;
    this.metrics = metrics;
    this.#protocol = config.mode;
    this.#tunnels = parts.tunnels;
    this.#upstreams = upstreams;
    this.#scope = isFollowed ? new LifetimeScope() : undefined;
  }

  /** The upstreams that the instance asked for, with the uses of sockets. */
  get used(): ReadonlyMap<SharedUpstream, ReadonlySet<SocketUse>> {
    return this.#used;
  }

  upstream(name: string, use: SocketUse): Upstream {
    if (this.#closed) throw new BalanceError('shutdown', 'this instance is closed');
    const upstream = this.#upstreams.get(name);
    if (upstream === undefined) {
      this.#missing.add(name);
      throw new BalanceError('config_invalid', `listener ${this.listener}: there is no upstream ${name}`);
    }
    const uses = this.#used.get(upstream);
    if (uses !== undefined) uses.add(use);
    else {
      this.#used.set(upstream, new Set([use]));
      upstream.hold();
    }
    const view = upstream.forUse(use, this.#protocol, this.#scope);
    if (this.#provisioned) upstream.fillNow();
    return view;
  }

  filterPlugin(name: string): HttpFilterPlugin | undefined {
    const plugin = filterIn(this.#plugins, name);
    this.#filters.set(name, plugin);
    return plugin;
  }

  tunnel(options: TunnelOptions): void {
    const scope = this.#scope;
    if (scope === undefined) {
      this.#tunnels.open(options, this.listener);
      return;
    }
    const { downstream, upstream } = options;
    if (!isStream(downstream) || !isStream(upstream))
      throw new TypeError('a tunnel needs two streams: downstream and upstream');
    const holding = {
      destroy: () => {
        downstream.destroy();
        upstream.destroy();
      },
    };
    const ended = (result: TunnelResult): void => {
      scope.delete(holding);
      callPlugin(
        () => options.ended(result),
        (error) => {
          this.failed('protocol failed at the end of a tunnel', error);
        },
      );
    };
    scope.add(holding);
    this.#tunnels.open({ ...options, ended }, this.listener);
  }

  deadline(expired: () => void, subject?: LogSubject): Deadline {
    return new LazyDeadline(() => {
      callPlugin(expired, (error) => {
        this.failed('protocol failed at a deadline', error, subject);
      });
    });
  }

  pluginFailed(plugin: string, message: string, error: unknown, fields: LogFields): void {
    const fault = { plugin, message, error, fields: { listener: this.listener, ...fields } };
    reportFault(fault, this.logger, this.telemetry.pluginFailed?.bind(this.telemetry));
  }

  /** The instance is made: pools of upstreams that it asks for later are made at once. */
  provisioned(): void {
    this.#provisioned = true;
  }

  /** Whether the instance would find the same upstreams and filters among these, and miss the same ones. */
  fits(upstreams: Upstreams, plugins: Plugins): boolean {
    for (const [name, filter] of this.#filters) if (filterIn(plugins, name) !== filter) return false;
    for (const upstream of this.#used.keys()) {
      if (upstreams.get(upstream.config.name) !== upstream) return false;
    }
    for (const name of this.#missing) if (upstreams.has(name)) return false;
    return true;
  }

  /** The instance goes on in another generation: from now on it finds that generation's upstreams. */
  replaceUpstreams(upstreams: Upstreams): void {
    this.#upstreams = upstreams;
  }

  /** The instance only finishes what runs: it finds no other upstreams than those that it uses already. */
  drain(): void {
    this.#upstreams = new Map([...this.#used.keys()].map((upstream) => [upstream.config.name, upstream]));
  }

  /** Ends leases and tunnels that the instance has left behind, and releases the upstreams. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const left = this.#scope?.close() ?? 0;
    if (left > 0) {
      this.logger.warn('protocol closed and left leases or tunnels behind, which are ended', { count: left });
    }
    for (const upstream of this.#used.keys()) upstream.release();
  }

  /** Logs and counts an error that the instance threw, or a promise of it that was rejected, where nothing should fail. */
  failed(message: string, error: unknown, subject?: LogSubject): void {
    const fault = {
      plugin: this.#protocol,
      message,
      error,
      fields: { listener: this.listener, ...fieldsOf(subject) },
    };
    reportFault(fault, this.logger, this.telemetry.pluginFailed?.bind(this.telemetry));
  }
}

function isStream(given: unknown): given is ByteStream {
  const { read, destroy } = (given ?? {}) as Partial<ByteStream>;
  return typeof read === 'function' && typeof destroy === 'function';
}
