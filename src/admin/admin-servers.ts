import { isLocalOnly, parseAddress } from '../config/values/address.ts';
import type { Admin } from '../config/schema/config.generated.ts';
import { BalanceError } from '../errors.ts';
import { mayBlock, type ArrivingSocket, type LeavingSocket } from '../net/address-handover.ts';
import type { OfferedSocket, SocketInheritance } from '../net/listen/bind/socket-inheritance.ts';
import type { BindAddresses } from '../net/dns/bind-addresses.ts';
import type { Logger } from '../plugin-api/logger.ts';
import {
  adminCredentials,
  serverCredentials,
  type AdminCredentials,
  type AdminOrigin,
} from './access/admin-credentials.ts';
import { AdminGuard, type AdminGuardOptions } from './access/admin-guard.ts';
import type { HandshakeObserver } from '../readings/handshake.ts';
import { planAdminServers, type AdminSections, type AdminServerPlan } from './admin-plan.ts';
import type { AdminRoute } from './endpoint/admin-router.ts';
import { AdminServer, type AdminServerSetup } from './server/admin-server.ts';
import { AdminTlsParts } from './server/admin-tls-parts.ts';
import type { EventLoopWatch } from './diagnostics/event-loop-watch.ts';
import { indexRoute } from './routes/index-route.ts';

/** The change of the admin servers by a new config, prepared but not applied yet. */
export interface AdminChange {
  /** Servers that can be bound only after sockets of the old config have left their addresses. */
  readonly arriving: readonly ArrivingSocket[];
  commit(): void;
  /** Closes the servers that were bound for the change. */
  unwind(): void;
}

/** A config that was loaded, as far as it is about admin servers. */
export type LoadedAdminConfig = AdminOrigin & { readonly config: AdminSections };

/** A bound address and what is served there. */
export interface ServedAddress {
  readonly what: 'admin' | 'metrics';
  readonly address: string;
  /** The path of the metrics; undefined where they are not served. */
  readonly metricsPath: string | undefined;
}

export interface AdminServersOptions {
  readonly logger: Logger;
  /** Resolves host names of addresses. Default: Node's own look-up. */
  readonly bindAddresses?: BindAddresses;
  /** Sockets that listen already. Default: there are none. */
  readonly inheritance?: SocketInheritance | undefined;
  readonly version: string;
  /** Started while there is an admin server, which shows its readings. */
  readonly eventLoop: EventLoopWatch;
  /** The endpoints of the admin server, except the index and the metrics. */
  readonly routes: readonly AdminRoute[];
  /** Makes the endpoint of the metrics for a path. */
  readonly metrics: (path: string) => AdminRoute;
  /** Hears of TLS handshakes. Default: nobody does. */
  readonly handshakes?: HandshakeObserver;
}

interface PlannedServer {
  readonly plan: AdminServerPlan;
  readonly setup: AdminServerSetup;
}

/** The admin and metrics servers of the live config. An edit that keeps an address does not bind it again. */
export class AdminServers {
  readonly #logger: Logger;
  readonly #bindAddresses: BindAddresses | undefined;
  readonly #inheritance: SocketInheritance | undefined;
  readonly #version: string;
  readonly #eventLoop: EventLoopWatch;
  readonly #routes: readonly AdminRoute[];
  readonly #metrics: AdminServersOptions['metrics'];
  readonly #tlsParts: AdminTlsParts;
  #running = new Map<string, AdminServer>();
  #plans: readonly AdminServerPlan[] = [];

  constructor(options: AdminServersOptions) {
    const { logger, version, eventLoop, routes, metrics, bindAddresses, inheritance, handshakes } = options;
    this.#tlsParts = new AdminTlsParts(handshakes);
    this.#logger = logger;
    this.#bindAddresses = bindAddresses;
    this.#inheritance = inheritance;
    this.#version = version;
    this.#eventLoop = eventLoop;
    this.#routes = routes;
    this.#metrics = metrics;
  }

  get addresses(): readonly string[] {
    return [...this.#running.values()].map(({ bound }) => bound);
  }

  /** The bound addresses and what each of them serves. */
  get served(): readonly ServedAddress[] {
    return this.#plans.map(({ key, admin, metricsPath }) => ({
      what: admin ? 'admin' : 'metrics',
      address: this.#running.get(key)?.bound ?? '',
      metricsPath,
    }));
  }

  /** The running servers that a new config does not use. */
  leaving({ config }: { readonly config: AdminSections }): readonly LeavingSocket[] {
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
   * Reads the files that the config names, and binds new servers. Rejects with a ConfigError or another BalanceError when that fails; then
   * nothing has changed.
   *
   * @param leaving sockets of the old config that will leave their addresses; a server that one of them is in the way of is bound later
   */
  async prepare(loaded: LoadedAdminConfig, leaving: readonly LeavingSocket[] = []): Promise<AdminChange> {
    const planned = await this.#plan(loaded.config, loaded);
    const added = new Map<string, AdminServer>();
    const arriving: ArrivingSocket[] = [];
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
          inheritance: this.#inheritance,
          logger: this.#logger,
          tlsParts: this.#tlsParts,
        });
        added.set(plan.key, server);
        const isBound = await bindNow(server, () => leaving.some((socket) => mayBlock(socket, address)));
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

  /** What another process needs to take the listening sockets over. */
  offers(): readonly OfferedSocket[] {
    return Array.from(this.#running.values(), (server) => server.offer());
  }

  /** Another process has taken the listening sockets over: accepts no more connections, and finishes the answers that are being made. */
  async leave(): Promise<void> {
    await Promise.all(Array.from(this.#running.values(), (server) => server.close(true)));
  }

  /** Closes all servers and their connections now. */
  destroy(): void {
    this.#eventLoop.stop();
    for (const server of this.#running.values()) server.destroy();
  }

  async #plan(config: AdminSections, origin: AdminOrigin): Promise<PlannedServer[]> {
    const plans = planAdminServers(config, this.#takenPaths);
    const { admin } = config;
    const credentials =
      admin === undefined ? undefined : await adminCredentials(admin, origin, this.#tlsParts.ring);
    const planned: PlannedServer[] = [];
    for (const plan of plans) {
      const metrics = plan.metricsPath === undefined ? [] : [this.#metrics(plan.metricsPath)];
      if (!plan.admin || admin === undefined || credentials === undefined) {
        planned.push({ plan, setup: await this.#metricsSetup(plan, config, metrics, origin) });
        continue;
      }
      const shown = [...this.#routes, ...metrics];
      const routes = [indexRoute(this.#version, shown), ...shown];
      const guard = guardOf(admin, credentials, plan.metricsPath, metricsAccessOf(plan, config));
      planned.push({ plan, setup: { routes, guard, tls: credentials.tls, socketMode: plan.socketMode } });
    }
    return planned;
  }

  /** A server of the metrics alone. */
  async #metricsSetup(
    plan: AdminServerPlan,
    config: AdminSections,
    routes: readonly AdminRoute[],
    origin: AdminOrigin,
  ): Promise<AdminServerSetup> {
    const section = config.metrics.tls;
    const at = ['metrics', 'tls'];
    const tls = section && (await serverCredentials(at, section, origin, this.#tlsParts.ring));
    const access = metricsAccessOf(plan, config);
    const guard = new AdminGuard({ metrics: access, certificate: tls?.asksClients === true });
    return { what: 'metrics server', routes, guard, tls, socketMode: plan.socketMode };
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

/** Binds a server. Returns false when the address is in use by a socket that will leave it. */
async function bindNow(server: AdminServer, mayWait: () => boolean): Promise<boolean> {
  try {
    await server.listen();
    return true;
  } catch (error) {
    if (error instanceof BalanceError && error.code === 'address_in_use' && mayWait()) return false;
    throw error;
  }
}

/** Endpoints that show nothing secret. Orchestrators and Prometheus need them. */
const HARMLESS = ['health', 'live', 'ready', 'version', 'metrics'];

function guardOf(
  admin: Admin,
  { token, tls }: AdminCredentials,
  metricsPath: string | undefined,
  metrics: AdminGuardOptions['metrics'],
): AdminGuard {
  const address = parseAddress(admin.listen);
  const certificate = tls?.asksClients === true;
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

function metricsAccessOf(
  { metricsPath }: AdminServerPlan,
  { metrics }: AdminSections,
): AdminGuardOptions['metrics'] {
  if (metricsPath === undefined || metrics.allow === undefined) return undefined;
  return { path: metricsPath, allow: metrics.allow };
}
