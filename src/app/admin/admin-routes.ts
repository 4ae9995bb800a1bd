import { get, type AdminRoute } from '../../admin/endpoint/admin-router.ts';
import { backendRoutes } from '../../admin/routes/backends/backend-routes.ts';
import { backendStateRoutes, type HandPort } from '../../admin/routes/backends/backend-state-routes.ts';
import { configRoute } from '../../admin/routes/config-route.ts';
import { connectionsRoute } from '../../admin/routes/connections-route.ts';
import { cpuProfileRoute } from '../../admin/diagnostics/cpu-profile.ts';
import {
  ENDPOINT_PATHS,
  healthEndpoint,
  liveEndpoint,
  readyEndpoint,
  versionEndpoint,
} from '../../admin/routes/probe-routes.ts';
import type { EventLoopWatch } from '../../admin/diagnostics/event-loop-watch.ts';
import { heapSnapshotRoute } from '../../admin/diagnostics/heap-snapshot.ts';
import { historyRoutes } from '../../admin/routes/history-routes.ts';
import { openapiRoutes } from '../../admin/routes/openapi-routes.ts';
import { reloadRoute } from '../../admin/routes/reload-route.ts';
import { statusRoute } from '../../admin/routes/status-route.ts';
import { upgradeRoute } from '../../admin/routes/upgrade-route.ts';
import type { Logger } from '../../plugin-api/index.ts';
import type { MetricsControl } from '../../telemetry/control/metrics-control.ts';
import { liveConfigReading, statusReading, type ShownParts } from './admin-readings.ts';
import { configDiffRoute, type ComparedHands } from './config-diff-route.ts';
import { explainRoute } from './explain-route.ts';

/** What the admin endpoints show and act on. */
export interface AdminSources extends ShownParts {
  readonly metrics: MetricsControl;
  readonly logger: Logger;
  readonly hands: HandPort & ComparedHands;
  readonly eventLoop: EventLoopWatch;
}

/** The endpoints of an admin server, without those for the metrics, whose path the config sets, and for the index. */
export function adminRoutes(sources: AdminSources): AdminRoute[] {
  const { version, control, reloads, upgrade, metrics, logger, eventLoop, hands } = sources;
  return [
    get(
      ENDPOINT_PATHS.health,
      healthEndpoint(() => control.health()),
    ),
    get(ENDPOINT_PATHS.live, liveEndpoint()),
    get(
      ENDPOINT_PATHS.ready,
      readyEndpoint(() => reloads.ready),
    ),
    get(ENDPOINT_PATHS.version, versionEndpoint(version)),
    statusRoute(
      () => statusReading(sources),
      () => eventLoop.read(),
    ),
    ...backendRoutes(control, metrics),
    ...backendStateRoutes(() => control.backends(), hands),
    connectionsRoute(control),
    configRoute(() => liveConfigReading(sources)),
    configDiffRoute(reloads, control, hands),
    explainRoute(control),
    reloadRoute(() => reloads.reload({ source: 'admin' })),
    upgradeRoute(() => upgrade.start({ source: 'admin' })),
    ...historyRoutes(reloads.history),
    cpuProfileRoute(control.debug, control),
    heapSnapshotRoute(logger, control.debug, control),
    ...openapiRoutes(),
  ];
}
