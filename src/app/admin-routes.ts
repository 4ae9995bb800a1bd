import { get, type AdminRoute } from '../admin/admin-router.ts';
import {
  ENDPOINT_PATHS,
  healthEndpoint,
  liveEndpoint,
  readyEndpoint,
  statusEndpoint,
  versionEndpoint,
} from '../admin/endpoints.ts';
import type { DrainingGenerations } from '../runtime/draining-generations.ts';
import type { ListenerTable } from '../runtime/listener-table.ts';
import type { LiveView } from '../runtime/live-view.ts';

/** What the admin endpoints show and act on. */
export interface AdminSources {
  readonly version: string;
  readonly live: LiveView;
  readonly draining: DrainingGenerations;
  readonly listeners: ListenerTable;
  readonly closing: () => boolean;
}

/** The endpoints of an admin server, but for the metrics, whose path the config sets. */
export function adminRoutes({ version, live, draining, listeners, closing }: AdminSources): AdminRoute[] {
  const health = healthEndpoint(() => live.health());
  const status = statusEndpoint(() => ({
    version,
    startedAtMs: live.startedAtMs,
    generation: live.generation?.id ?? 0,
    draining_generations: draining.size,
    listeners: Object.fromEntries(listeners.addresses()),
  }));
  const isReady = (): boolean => !closing() && live.generation !== undefined;
  return [
    get(ENDPOINT_PATHS.health, health),
    get(ENDPOINT_PATHS.live, liveEndpoint()),
    get(ENDPOINT_PATHS.ready, readyEndpoint(isReady)),
    get(ENDPOINT_PATHS.version, versionEndpoint(version)),
    get(ENDPOINT_PATHS.status, status),
  ];
}
