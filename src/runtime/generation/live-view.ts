import { healthReport } from '../../health/report.ts';
import type { HealthReport } from '../../plugin-api/index.ts';
import type { BackendState } from '../../upstream/backend/backend-state.ts';
import type { Generation } from './generation.ts';

/** A backend and its health. */
export interface BackendView {
  readonly backend: BackendState;
  readonly healthy: boolean;
}

/** The live generation, for everybody who reads what is live: health, metrics, status. */
export class LiveView {
  readonly startedAtMs = Date.now();
  /** Replaced at each swap. */
  generation: Generation | undefined;

  /** Every backend once. A backend is down when the health check of any of its upstreams says so. */
  backends(): Iterable<BackendView> {
    const views = new Map<BackendState, BackendView>();
    for (const { group } of this.generation?.upstreams.values() ?? []) {
      for (const { backend, healthy } of group.members) {
        views.set(backend, { backend, healthy: healthy && (views.get(backend)?.healthy ?? true) });
      }
    }
    return views.values();
  }

  health(): HealthReport {
    const backends = [...this.backends()].map(({ backend, healthy }) => ({
      address: backend.shownAddress,
      healthy,
    }));
    return healthReport(this.startedAtMs, backends, Date.now());
  }
}
