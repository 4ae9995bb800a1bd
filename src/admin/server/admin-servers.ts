import { isLocalOnly, parseAddress, type Address } from '../../config/values/address.ts';
import type { Admin } from '../../config/schema/config.generated.ts';
import { BalanceError } from '../../errors.ts';
import type { BindAddresses } from '../../net/dns/bind-addresses.ts';
import type { Logger } from '../../plugin-api/logger.ts';
import {
  loadAdminCredentials,
  type AdminCredentials,
  type AdminOrigin,
} from '../access/admin-credentials.ts';
import { AdminGuard } from '../access/admin-guard.ts';
import { planAdminServers, type AdminSections, type AdminServerPlan } from './admin-plan.ts';
import type { AdminRoute } from './admin-router.ts';
import { AdminServer, type AdminServerSetup } from './admin-server.ts';
import type { EventLoopWatch } from '../diagnostics/event-loop-watch.ts';
import { indexRoute } from '../routes/index-route.ts';
import { MetricsGuard } from '../access/metrics-guard.ts';

/** What a config changes about the admin servers, prepared and not yet done. */
export interface AdminChange {
  /** Servers whose addresses have no room for them before other sockets leave. */
  readonly arriving: readonly ArrivingServer[];
  commit(): void;
  /** Closes what was bound for nothing. */
  unwind(): void;
}

/** A server that is to be bound later. */
export interface ArrivingServer {
  readonly address: Address;
  listen(): Promise<unknown>;
  destroy(): void;
}

/** A bound server that a config has no use for. */
export interface LeavingServer {
  /** As it is bound. */
  readonly address: Address;
  suspend(): void;
  resume(): Promise<void>;
}

/** An address that is bound, and what is to be had there. */
export interface ServedAddress {
  readonly what: 'admin' | 'metrics';
  readonly address: string;
  /** The path of the metrics; undefined where they are not shown. */
  readonly metricsPath: string | undefined;
}

export interface AdminServersOptions {
  readonly logger: Logger;
  /** What a host name stands for. Default: the runtime looks that up. */
  readonly bindAddresses?: BindAddresses;
  readonly version: string;
  /** Watched while there is an admin server to show it. */
  readonly eventLoop: EventLoopWatch;
  /** The endpoints of every admin server, but for the index and the metrics. */
  readonly routes: readonly AdminRoute[];
  /** The endpoint that shows metrics, for its path. */
  readonly metrics: (path: string) => AdminRoute;
}

interface PlannedServer {
  readonly plan: AdminServerPlan;
  readonly setup: AdminServerSetup;
}

/** The admin and metrics servers of the live config; one whose address stays is not bound again. */
export class AdminServers {
  readonly #logger: Logger;
  readonly #bindAddresses: BindAddresses | undefined;
  readonly #version: string;
  readonly #eventLoop: EventLoopWatch;
  readonly #routes: readonly AdminRoute[];
  readonly #metrics: AdminServersOptions['metrics'];
  #running = new Map<string, AdminServer>();
  #plans: readonly AdminServerPlan[] = [];

  constructor({ logger, version, eventLoop, routes, metrics, bindAddresses }: AdminServersOptions) {
    this.#logger = logger;
    this.#bindAddresses = bindAddresses;
    this.#version = version;
    this.#eventLoop = eventLoop;
    this.#routes = routes;
    this.#metrics = metrics;
  }

  get addresses(): readonly string[] {
    return [...this.#running.values()].map(({ bound }) => bound);
  }

  /** The paths that are served, and what each of them serves. */
  get served(): readonly ServedAddress[] {
    return this.#plans.map(({ key, admin, metricsPath }) => ({
      what: admin ? 'admin' : 'metrics',
      address: this.#running.get(key)?.bound ?? '',
      metricsPath,
    }));
  }

  /** The servers that the config has no use for. */
  leaving(config: AdminSections): readonly LeavingServer[] {
    const kept = new Set(planAdminServers(config, this.#takenPaths).map(({ key }) => key));
    return [...this.#running]
      .filter(([key]) => !kept.has(key))
      .map(([, server]) => ({
        address: parseAddress(server.bound),
        suspend: () => server.suspend(),
        resume: () => server.resume(),
      }));
  }

  /**
   * Reads the files that the config names, and binds what is new, but for what has to wait until a socket that has the same
   * port `mayMakeRoom`. Rejects with a ConfigError or another BalanceError when that can't be; then nothing changed.
   */
  async prepare(
    config: AdminSections,
    origin: AdminOrigin,
    mayMakeRoom: (address: Address) => boolean = () => false,
  ): Promise<AdminChange> {
    const planned = await this.#plan(config, origin);
    const added = new Map<string, AdminServer>();
    const arriving: ArrivingServer[] = [];
    const unwind = (): void => {
      for (const server of added.values()) server.destroy();
    };
    try {
      for (const { plan, setup } of planned) {
        if (this.#running.has(plan.key)) continue;
        const address = parseAddress(plan.listen);
        const server = new AdminServer({
          ...setup,
          listen: plan.listen,
          bindAddresses: this.#bindAddresses,
          logger: this.#logger,
        });
        added.set(plan.key, server);
        const isBound = await bindNow(server, () => mayMakeRoom(address));
        const later = { address, listen: () => server.listen(), destroy: () => server.destroy() };
        if (!isBound) arriving.push(later);
      }
    } catch (error) {
      unwind();
      throw error;
    }
    return {
      arriving,
      commit: () => {
        this.#commit(planned, added);
      },
      unwind,
    };
  }

  async close(): Promise<void> {
    this.#eventLoop.stop();
    await Promise.all([...this.#running.values()].map((server) => server.close()));
  }

  destroy(): void {
    this.#eventLoop.stop();
    for (const server of this.#running.values()) server.destroy();
  }

  async #plan(config: AdminSections, origin: AdminOrigin): Promise<PlannedServer[]> {
    const plans = planAdminServers(config, this.#takenPaths);
    const { admin } = config;
    const credentials = admin === undefined ? undefined : await loadAdminCredentials(admin, origin);
    return plans.map((plan) => {
      const metrics = plan.metricsPath === undefined ? [] : [this.#metrics(plan.metricsPath)];
      const metricsGuard = metricsGuardOf(plan, config);
      if (!plan.admin || admin === undefined || credentials === undefined) {
        const guard = new AdminGuard({ metrics: metricsGuard });
        const { socketMode } = plan;
        return { plan, setup: { what: 'metrics server', routes: metrics, guard, socketMode } };
      }
      const shown = [...this.#routes, ...metrics];
      const routes = [indexRoute(this.#version, shown), ...shown];
      const guard = guardOf(admin, credentials, plan.metricsPath, metricsGuard);
      return { plan, setup: { routes, guard, tls: credentials.tls, socketMode: plan.socketMode } };
    });
  }

  get #takenPaths(): readonly string[] {
    return ['/', ...this.#routes.map(({ path }) => path)];
  }

  #commit(planned: readonly PlannedServer[], added: ReadonlyMap<string, AdminServer>): void {
    const next = new Map<string, AdminServer>();
    for (const { plan, setup } of planned) {
      const running = added.get(plan.key) ?? this.#running.get(plan.key);
      if (running === undefined) continue;
      running.configure(setup);
      next.set(plan.key, running);
    }
    for (const [key, server] of this.#running) if (!next.has(key)) void server.close();
    this.#running = next;
    this.#plans = planned.map(({ plan }) => plan);
    if (planned.some(({ plan }) => plan.admin)) this.#eventLoop.start();
    else this.#eventLoop.stop();
  }
}

/** False when there will be room for it once what leaves is gone. */
async function bindNow(server: AdminServer, mayWait: () => boolean): Promise<boolean> {
  try {
    await server.listen();
    return true;
  } catch (error) {
    if (error instanceof BalanceError && error.code === 'address_in_use' && mayWait()) return false;
    throw error;
  }
}

/** What shows nothing that needs hiding: of use to orchestrators and to Prometheus. */
const HARMLESS = ['health', 'live', 'ready', 'version', 'metrics'];

function guardOf(
  admin: Admin,
  { token, tls }: AdminCredentials,
  metricsPath: string | undefined,
  metrics: MetricsGuard | undefined,
): AdminGuard {
  const address = parseAddress(admin.listen);
  const certificate = tls?.clientCa !== undefined;
  const isOpen = token === undefined && !certificate;
  const publicPaths = (isOpen ? HARMLESS : admin.public).map((name) =>
    name === 'metrics' ? (metricsPath ?? '') : `/${name}`,
  );
  return new AdminGuard({
    token,
    certificate,
    publicPaths,
    loopback: address.kind === 'tcp' && isLocalOnly(address),
    metrics,
  });
}

function metricsGuardOf(
  { metricsPath }: AdminServerPlan,
  { metrics }: AdminSections,
): MetricsGuard | undefined {
  if (metricsPath === undefined || metrics.allow === undefined) return undefined;
  return new MetricsGuard(metricsPath, metrics.allow);
}
