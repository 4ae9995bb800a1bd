import { isIpAddress, parseAddress } from '../../config/values/address.ts';
import type { BackendConfig, HealthCheck } from '../../config/schema/config.generated.ts';
import { healthSettings } from '../../health/health-settings.ts';
import { HealthMonitor } from '../../health/health-monitor.ts';
import { StartPacer } from '../../health/start-pacer.ts';
import type { Dialer } from '../../net/dial/dialer.ts';
import { settingsKey, SettingsKeys } from '../../net/dial/settings-key.ts';
import { BackendContext, type BackendTlsFiles } from '../../net/dial/tls/backend-context.ts';
import type { HeldName, HostNames } from '../../net/dns/host-names.ts';
import type { HandshakeOutcome } from '../../readings/handshake.ts';
import type { ProcessResources } from '../../net/resources/process-resources.ts';
import type { Logger, SocketUse } from '../../plugin-api/index.ts';
import { BackendState } from '../../upstream/backend/backend-state.ts';
import type { PoolSettings } from '../../config/sockets/pool-settings.ts';
import type { BackendTlsSettings } from '../../config/sockets/tls-settings.ts';
import { SocketPool } from '../../upstream/pool/socket-pool.ts';
import { RefCountedMap, type Ref } from './ref-counted-map.ts';
import type { RuntimeTelemetry } from './runtime-telemetry.ts';

/** Hears of health checks, and of the handshakes of those over TLS. */
type CheckTelemetry = Pick<RuntimeTelemetry, 'healthCheck' | 'handshake'>;

/** A change of a backend's health, as its checks found it. */
export interface HealthChange {
  /** Name of the backend. */
  readonly backend: string;
  readonly address: string;
  readonly healthy: boolean;
  /** The result of the last check, in words. */
  readonly reason: string;
}

/** A health monitor and the address that it checks. */
export interface WatchedAddress {
  readonly address: string;
  readonly monitor: HealthMonitor;
}

/** How the backends of an upstream are checked. */
export interface BackendCheck {
  readonly section: HealthCheck;
  /** The version of the PROXY header that each check begins with; undefined: none. */
  readonly proxyProtocol: 'v1' | 'v2' | undefined;
  /** What checks of type `https` speak TLS with. */
  readonly context: BackendContext | undefined;
  /** The `settingsKey` of all of this, made once for all backends of an upstream. */
  readonly key: string;
}

/** An address: the backends there, and the health monitors that check it. */
interface Site {
  readonly backends: Set<BackendState>;
  readonly monitors: Set<HealthMonitor>;
}

/**
 * State that outlives generations: backends with their counters, their pools, and the health of their addresses. Each user of a part
 * takes a reference to it, and the part ends with its last reference.
 */
export class Registry {
  readonly #logger: Logger;
  readonly #telemetry: CheckTelemetry | undefined;
  readonly #sites = new Map<string, Site>();
  readonly #pacer = new StartPacer();
  readonly #backends = new RefCountedMap<BackendState>((backend) => {
    this.#freeIndexes.push(backend.index);
    this.#heldNames.get(backend)?.release();
    this.#heldNames.delete(backend);
    this.#site(backend.address).backends.delete(backend);
    this.#forgetIfEmpty(backend.address);
  });
  readonly #pools = new RefCountedMap<SocketPool>((pool) => {
    pool.close();
  });
  readonly #contexts = new RefCountedMap<BackendContext>(() => undefined);
  readonly #poolKeys = new SettingsKeys<PoolSettings>();
  readonly #monitors = new RefCountedMap<WatchedAddress>(({ address, monitor }) => {
    monitor.destroy();
    this.#site(address).monitors.delete(monitor);
    this.#forgetIfEmpty(address);
  });
  /** Indexes of backends that are gone. They are used again, as they are indexes into arrays of counters. */
  readonly #freeIndexes: number[] = [];
  #nextIndex = 0;

  readonly #names: HostNames;
  readonly #resources: ProcessResources | undefined;
  readonly #onHealthChange: ((change: HealthChange) => void) | undefined;
  readonly #heldNames = new Map<BackendState, HeldName>();

  constructor(
    logger: Logger,
    names: HostNames,
    telemetry?: CheckTelemetry,
    resources?: ProcessResources,
    onHealthChange?: (change: HealthChange) => void,
  ) {
    this.#onHealthChange = onHealthChange;
    this.#resources = resources;
    this.#logger = logger;
    this.#names = names;
    this.#telemetry = telemetry;
  }

  /** Every backend that the live generation or a draining one refers to. */
  backends(): readonly BackendState[] {
    return this.#backends.values();
  }

  /** The backend of that name and address. */
  backend(config: BackendConfig): Ref<BackendState> {
    return this.#backends.refer(`${config.name} ${config.address}`, () => {
      const index = this.#freeIndexes.pop() ?? this.#nextIndex++;
      const target = parseAddress(config.address);
      const backend = new BackendState(index, config.name, target, config.url ?? config.address);
      this.#site(backend.address).backends.add(backend);
      this.#holdName(backend);
      return backend;
    });
  }

  /** The pool of a backend for that use, with those settings. Its connections are made by `dialer`. */
  pool(backend: BackendState, use: SocketUse, settings: PoolSettings, dialer: Dialer): Ref<SocketPool> {
    const key = `${backend.index} ${use} ${this.#poolKeys.keyOf(settings)} ${dialer.key}`;
    return this.#pools.refer(key, () => new SocketPool(backend, use, settings, dialer));
  }

  /**
   * What TLS connections with these settings share, as their sessions: upstreams of several generations have it from here.
   *
   * @param files called when there is none yet
   * @throws Error when OpenSSL can't use a file
   */
  context(settings: BackendTlsSettings, files: () => BackendTlsFiles): Ref<BackendContext> {
    const key = settingsKey<BackendTlsSettings>(settings);
    return this.#contexts.refer(key, () => new BackendContext(settings, files()));
  }

  /**
   * The health monitor of a backend's address. Backends with different names at one address share it. A monitor with new settings
   * begins with the state that the previous monitor found.
   */
  monitor(
    backend: BackendState,
    { section, proxyProtocol, context, key }: BackendCheck,
  ): Ref<WatchedAddress> {
    const { address } = backend;
    return this.#monitors.refer(`${address} ${key}`, () => {
      const { monitors } = this.#site(address);
      const known = [...monitors].find(({ checked }) => checked);
      const monitor = new HealthMonitor({
        address: backend.target,
        settings: healthSettings(section, backend.target, proxyProtocol),
        names: this.#names,
        context,
        onChange: (healthy, reason) => {
          this.#healthChanged(address, healthy, reason);
        },
        onCheck: (passed, durationMs) => {
          this.#checked(address, passed, durationMs);
        },
        onHandshake: (outcome) => {
          this.#shookHands(address, outcome);
        },
        onShortage: (code) => this.#resources?.noteShortage('check', code),
        ...(known === undefined ? {} : { assumed: known.healthy }),
      });
      monitors.add(monitor);
      this.#pacer.add(monitor);
      return { address, monitor };
    });
  }

  /** Keeps the addresses of a backend's host name up to date, for as long as the backend exists. */
  #holdName(backend: BackendState): void {
    const { target } = backend;
    if (target.kind === 'unix' || isIpAddress(target.host)) return;
    const held = this.#names.hold(target.host, () => {
      backend.addressesChanged(held?.record.addresses ?? []);
    });
    if (held === undefined) return;
    backend.hostName = held.record;
    this.#heldNames.set(backend, held);
  }

  #checked(address: string, passed: boolean, durationMs: number): void {
    for (const { name } of this.#sites.get(address)?.backends ?? [])
      this.#telemetry?.healthCheck?.({ backend: name, passed, durationMs });
  }

  #shookHands(address: string, outcome: HandshakeOutcome): void {
    for (const { name } of this.#sites.get(address)?.backends ?? [])
      this.#telemetry?.handshake?.({ side: 'check', owner: name, ...outcome });
  }

  #healthChanged(address: string, healthy: boolean, reason: string): void {
    for (const backend of this.#sites.get(address)?.backends ?? []) {
      const fields = { backend: backend.name, address, reason };
      if (healthy) this.#logger.info('backend is healthy', fields);
      else this.#logger.warn('backend is unhealthy', fields);
      backend.noteChange();
      this.#onHealthChange?.({ backend: backend.name, address, healthy, reason });
    }
  }

  #site(address: string): Site {
    let site = this.#sites.get(address);
    if (site === undefined) {
      site = { backends: new Set(), monitors: new Set() };
      this.#sites.set(address, site);
    }
    return site;
  }

  #forgetIfEmpty(address: string): void {
    const site = this.#sites.get(address);
    if (site?.backends.size === 0 && site.monitors.size === 0) this.#sites.delete(address);
  }
}
