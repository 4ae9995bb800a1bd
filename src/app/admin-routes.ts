import { get, type AdminRoute } from '../admin/endpoint/admin-router.ts';
import { backendRoutes } from '../admin/routes/backend-routes.ts';
import { configRoute } from '../admin/routes/config-route.ts';
import { connectionsRoute } from '../admin/routes/connections-route.ts';
import { cpuProfileRoute } from '../admin/diagnostics/cpu-profile.ts';
import {
  ENDPOINT_PATHS,
  healthEndpoint,
  liveEndpoint,
  readyEndpoint,
  versionEndpoint,
} from '../admin/routes/probe-routes.ts';
import type { EventLoopWatch } from '../admin/diagnostics/event-loop-watch.ts';
import { heapSnapshotRoute } from '../admin/diagnostics/heap-snapshot.ts';
import { historyRoutes, type ConfigHistoryPort } from '../admin/routes/history-routes.ts';
import { openapiRoutes } from '../admin/routes/openapi-routes.ts';
import { reloadRoute } from '../admin/routes/reload-route.ts';
import { statusRoute } from '../admin/routes/status-route.ts';
import type { Logger } from '../plugin-api/index.ts';
import type { LoadedConfig } from '../config/load/load-config.ts';
import { generationPlan } from '../runtime/explain/generation-plan.ts';
import { AdminReports, type ShownParts } from './admin-reports.ts';
import { configDiffRoute } from './config-diff-route.ts';
import { explainRoute } from './explain-route.ts';

/** What the admin endpoints show and act on. */
export interface AdminSources extends ShownParts {
  readonly logger: Logger;
  readonly eventLoop: EventLoopWatch;
  /** Checks a text as if it stood in the config file. Rejects with a ConfigError. */
  readonly checkText: (text: string) => Promise<LoadedConfig>;
  readonly history: ConfigHistoryPort;
}

/** The endpoints of an admin server, but for the metrics, whose path the config sets, and for the index. */
export function adminRoutes(sources: AdminSources): AdminRoute[] {
  const { version, live, listeners, reloader, logger, eventLoop, checkText } = sources;
  const reports = new AdminReports(sources);
  const health = healthEndpoint(() => live.health());
  const ready = readyEndpoint(() => reports.ready);
  return [
    get(ENDPOINT_PATHS.health, health),
    get(ENDPOINT_PATHS.live, liveEndpoint()),
    get(ENDPOINT_PATHS.ready, ready),
    get(ENDPOINT_PATHS.version, versionEndpoint(version)),
    statusRoute(
      () => reports.status(),
      () => eventLoop.read(),
    ),
    ...backendRoutes(
      () => reports.backends(),
      () => reports.pools(),
    ),
    connectionsRoute(() => reports.connections()),
    configRoute(() => reports.config()),
    configDiffRoute({
      live: () => live.generation,
      sources: sources.sources,
      addresses: () => listeners.addresses(),
      check: checkText,
    }),
    explainRoute(() => live.generation && generationPlan(live.generation, listeners.addresses(), true)),
    reloadRoute(() => reloader().reload({ source: 'admin' })),
    ...historyRoutes(sources.history),
    cpuProfileRoute(),
    heapSnapshotRoute(logger),
    ...openapiRoutes(),
  ];
}
