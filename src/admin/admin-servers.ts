import type { Logger } from '../plugin-api/logger.ts';
import { planAdminServers, type AdminSections, type AdminServerPlan } from './admin-plan.ts';
import { createAdminServer, type AdminServer } from './admin-server.ts';
import type { AdminRoute } from './admin-router.ts';

/** What a config changes about the admin servers, prepared and not yet done. */
export interface AdminChange {
  commit(): void;
  /** Closes what was bound for nothing. */
  unwind(): void;
}

interface RunningServer {
  readonly server: AdminServer;
  readonly bound: string;
}

/** The admin and metrics servers of the live config; one whose address stays is not bound again. */
export class AdminServers {
  readonly #logger: Logger;
  readonly #routesFor: (plan: AdminServerPlan) => readonly AdminRoute[];
  #running = new Map<string, RunningServer>();

  constructor(logger: Logger, routesFor: (plan: AdminServerPlan) => readonly AdminRoute[]) {
    this.#logger = logger;
    this.#routesFor = routesFor;
  }

  get addresses(): readonly string[] {
    return [...this.#running.values()].map(({ bound }) => bound);
  }

  /** Binds what is new. Rejects with a BalanceError when an address can't be bound; then nothing changed. */
  async prepare(config: AdminSections): Promise<AdminChange> {
    const plans = planAdminServers(config);
    const added = new Map<string, RunningServer>();
    const unwind = (): void => {
      for (const { server } of added.values()) server.destroy();
    };
    try {
      for (const plan of plans) {
        if (this.#running.has(plan.key)) continue;
        const server = createAdminServer({
          listen: plan.listen,
          routes: this.#routesFor(plan),
          logger: this.#logger,
        });
        added.set(plan.key, { server, bound: await server.listen() });
      }
    } catch (error) {
      unwind();
      throw error;
    }
    return {
      commit: () => {
        this.#commit(plans, added);
      },
      unwind,
    };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ server }) => server.close()));
  }

  destroy(): void {
    for (const { server } of this.#running.values()) server.destroy();
  }

  #commit(plans: readonly AdminServerPlan[], added: ReadonlyMap<string, RunningServer>): void {
    const next = new Map<string, RunningServer>();
    for (const plan of plans) {
      const running = added.get(plan.key) ?? this.#running.get(plan.key);
      if (running === undefined) continue;
      running.server.setRoutes(this.#routesFor(plan));
      next.set(plan.key, running);
    }
    for (const [key, { server }] of this.#running) if (!next.has(key)) void server.close();
    this.#running = next;
  }
}
