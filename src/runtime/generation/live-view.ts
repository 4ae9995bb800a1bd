import { healthReport, type ReportedHealth } from '../../health/report.ts';
import type { HealthReport } from '../../plugin-api/index.ts';
import type { BackendState } from '../../upstream/backend/backend-state.ts';
import type { Generation } from './generation.ts';

/** A backend and its health. */
export interface BackendView {
  readonly backend: BackendState;
  /** False when a check, an ejection or an operator says that it is down in one of its upstreams. */
  readonly healthy: boolean;
  /** False when no check in any of its upstreams has ended. */
  readonly known: boolean;
}

/** The live generation, for everybody who reads what is live: health, metrics, status. */
export class LiveView {
  readonly startedAtMs = Date.now();
  /** Replaced at each swap. */
  generation: Generation | undefined;

  /** Every backend once. A backend is down when it is so in any of its upstreams. */
  backends(): Iterable<BackendView> {
    const views = new Map<BackendState, BackendView>();
    for (const { group } of this.generation?.upstreams.values() ?? []) {
      for (const { backend, sound, health } of group.members) {
        const { healthy = true, known = false } = views.get(backend) ?? {};
        views.set(backend, {
          backend,
          healthy: healthy && sound,
          known: known || health?.lastCheckAtMs !== undefined,
        });
      }
    }
    return views.values();
  }

  health(): HealthReport {
    const backends = Array.from(this.backends(), ({ backend, healthy, known }) => ({
      address: backend.shownAddress,
      health: reportedHealth(healthy, known, backend.connects.areFailing),
    }));
    return healthReport(this.startedAtMs, backends, Date.now());
  }
}

/** A backend without checks is not known, but counts as healthy unless connects to it fail. */
function reportedHealth(healthy: boolean, known: boolean, connectsFail: boolean): ReportedHealth {
  if (!healthy || (!known && connectsFail)) return 'unhealthy';
  return known ? 'healthy' : 'unknown';
}
