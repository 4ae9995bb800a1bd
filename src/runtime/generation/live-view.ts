import { healthReport } from '../../health/report.ts';
import type { HealthReport } from '../../plugin-api/index.ts';
import type { BackendState } from '../../upstream/backend/backend-state.ts';
import type { Generation } from './generation.ts';

/** One backend as operators see it. */
export interface BackendView {
  readonly backend: BackendState;
  readonly healthy: boolean;
}

/** The live generation as health, metrics and status read it. */
export class LiveView {
  readonly startedAtMs = Date.now();
  /** Set at each swap. */
  generation: Generation | undefined;

  /** Every backend once; down when any of its upstreams' checks says so. */
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
