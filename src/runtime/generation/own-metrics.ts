import type { Listener, Metrics } from '../../config/schema/config.generated.ts';
import type { OwnMetrics } from '../../plugin-api/index.ts';

/** The metrics page of the listener that `metrics.listener` names; undefined for other listeners. */
export function ownMetrics(
  listener: Listener,
  { enabled, listener: server, path, allow = [] }: Metrics,
  page: OwnMetrics['page'],
): OwnMetrics | undefined {
  return enabled && server === listener.name ? { path, allow, page } : undefined;
}
