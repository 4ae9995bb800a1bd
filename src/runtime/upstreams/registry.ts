import { isIpAddress, parseAddress } from '../../config/values/address.ts';
import type { BackendConfig } from '../../config/schema/config.generated.ts';
import type { PoolSettings } from '../../config/sockets/pool-settings.ts';
import type { BackendTlsSettings } from '../../config/sockets/tls-settings.ts';
import type { BackendCheck, HealthFeed, WatchedHealth } from '../../health/watch/health-feed.ts';
import type { Dialer } from '../../net/dial/dialer.ts';
import { SettingsKeys } from '../../net/dial/settings-key.ts';
import type { BackendContext, BackendTlsFiles } from '../../net/dial/tls/backend-context.ts';
import type { BackendContexts } from '../../net/dial/tls/backend-contexts.ts';
import type { HeldName, HostNames } from '../../net/dns/host-names.ts';
import { RefCountedMap, type Ref } from '../../net/resources/ref-counted-map.ts';
import type { SocketUse } from '../../plugin-api/index.ts';
import { BackendShare } from '../../upstream/sharing/backend-share.ts';
import { BackendState } from '../../upstream/backend/backend-state.ts';
import { RetryCounts } from '../../upstream/recovery/retry-counts.ts';
import { PoolShare } from '../../upstream/sharing/pool-share.ts';
import { SocketPool, type OtherWorkers } from '../../upstream/pool/socket-pool.ts';
import { UpstreamShare } from '../../upstream/sharing/upstream-share.ts';
import { sessionMemory, SessionTable } from '../../upstream/stickiness/session-table.ts';
import { backendSlot, poolSlot, retriesSlot, upstreamSlot } from './slot-keys.ts';
import { StandingRegistry, type StandingParts } from './standing-registry.ts';
import { connectReports } from './standing-reports.ts';
import { TrafficWatch } from './traffic-watch.ts';

/** The parts of the thread that a registry works with. */
export interface RegistryParts extends StandingParts {
  readonly names: HostNames;
  readonly health: HealthFeed;
  readonly contexts: BackendContexts;
}

/**
 * State that outlives generations: backends with their counters, and their pools. Each user of a part takes a reference to it, and the part
 * ends with its last reference.
 */
export class Registry {
  /** How backends stand in their upstreams. */
  readonly standings: StandingRegistry;
  readonly #parts: RegistryParts;
  readonly #backends = new RefCountedMap<BackendState>((backend) => {
    this.#freeIndexes.push(backend.index);
    this.#heldNames.get(backend)?.release();
    this.#heldNames.delete(backend);
    backend.close();
  });
  readonly #pools = new RefCountedMap<SocketPool>((pool) => {
    pool.close();
  });
  readonly #shares = new RefCountedMap<UpstreamShare>((share) => {
    share.close();
  });
  readonly #retryCounts = new RefCountedMap<RetryCounts>((counts) => {
    counts.close();
  });
  readonly #sessionTables = new RefCountedMap<SessionTable>(() => undefined);
  readonly #poolKeys = new SettingsKeys<PoolSettings>();
  /** Indexes of backends that are gone. They are used again, as they are indexes into arrays of counters. */
  readonly #freeIndexes: number[] = [];
  #nextIndex = 0;
  readonly #traffic = new TrafficWatch();
  readonly #heldNames = new Map<BackendState, HeldName>();

  constructor(parts: RegistryParts) {
    this.#parts = parts;
    this.standings = new StandingRegistry(parts);
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
      const share = this.#shareOf(config);
      const backend = new BackendState(
        index,
        config.name,
        target,
        config.url ?? config.address,
        share,
        connectReports(this.#parts.logger, config),
      );
      this.#holdName(backend);
      return backend;
    });
  }

  /** The pool of a backend for that use, with those settings. Its connections are made by `dialer`. */
  pool(backend: BackendState, use: SocketUse, settings: PoolSettings, dialer: Dialer): Ref<SocketPool> {
    const key = `${backend.index} ${use} ${this.#poolKeys.keyOf(settings)} ${dialer.key}`;
    return this.#pools.refer(key, () => {
      const others = this.#otherWorkers(backend, use, settings, dialer);
      return new SocketPool(backend, use, settings, dialer, others);
    });
  }

  /** How many workers there are, this one included. */
  get workers(): number {
    return this.#parts.slots?.workers ?? 1;
  }

  /** What the upstream of that name shares with other workers; undefined where there are none. */
  share(name: string): Ref<UpstreamShare> | undefined {
    const { slots } = this.#parts;
    const key = upstreamSlot(name);
    if (slots?.has(key) !== true) return undefined;
    return this.#shares.refer(name, () => new UpstreamShare(slots.open(key), slots));
  }

  /** What remembers where the clients of an upstream belong. @param key as in `sessionTablesOf` */
  sessionTable(key: string, size: number): Ref<SessionTable> {
    return this.#sessionTables.refer(
      key,
      () => new SessionTable(this.#parts.slots?.table(key) ?? sessionMemory(size)),
    );
  }

  /** The counts of requests and their tries of the upstream of that name. */
  retryCounts(upstream: string): Ref<RetryCounts> {
    return this.#retryCounts.refer(upstream, () => {
      const { slots } = this.#parts;
      const key = retriesSlot(upstream);
      return new RetryCounts(slots?.has(key) === true ? slots.open(key) : undefined);
    });
  }

  /** What TLS connections with these settings share. {@link BackendContexts.refer} */
  context(settings: BackendTlsSettings, files: () => BackendTlsFiles): Ref<BackendContext> {
    return this.#parts.contexts.refer(settings, files);
  }

  /** The health of a backend, as such checks of an upstream find it. @param changed called when it has changed */
  health(upstream: string, backend: BackendState, check: BackendCheck, changed: () => void): WatchedHealth {
    const { name, target } = backend;
    const watched = this.#parts.health.watch({ upstream, name, target, check }, changed);
    if (check.active?.section.no_traffic_interval === undefined) return watched;
    const stop = this.#traffic.add(backend, () => {
      watched.noteTraffic();
    });
    return {
      ...watched,
      release: () => {
        stop();
        watched.release();
      },
    };
  }

  #otherWorkers(
    { name, address }: BackendState,
    use: SocketUse,
    settings: PoolSettings,
    dialer: Dialer,
  ): OtherWorkers | undefined {
    const { slots } = this.#parts;
    if (slots === undefined) return undefined;
    const key = poolSlot({ name, address }, this.#poolKeys.keyOf(settings), dialer.key);
    // The size of a pool of use `once` limits no lease.
    const isLimited = use === 'keep-alive' && slots.has(key);
    return { workers: slots.workers, share: isLimited ? new PoolShare(slots.open(key), slots) : undefined };
  }

  #shareOf(config: BackendConfig): BackendShare | undefined {
    const { slots } = this.#parts;
    const key = backendSlot(config);
    return slots?.has(key) === true ? new BackendShare(slots.open(key), slots) : undefined;
  }

  /** Keeps the addresses of a backend's host name up to date, for as long as the backend exists. */
  #holdName(backend: BackendState): void {
    const { target } = backend;
    if (target.kind === 'unix' || isIpAddress(target.host)) return;
    const held = this.#parts.names.hold(target.host, () => {
      backend.addressesChanged(held?.record.addresses ?? []);
    });
    if (held === undefined) return;
    backend.hostName = held.record;
    this.#heldNames.set(backend, held);
  }
}
