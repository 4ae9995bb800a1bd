import { healthReport, type ReportedHealth } from '../../health/report.ts';
import type { HealthReport } from '../../plugin-api/index.ts';
import { steadyNowMs } from '../../time/steady-now.ts';
import type { BackendState } from '../../upstream/backend/backend-state.ts';
import type { Generation } from './generation.ts';

/** A backend and its health. */
export interface BackendView {
  readonly backend: BackendState;
  /** The worst that checks, ejections and operators say of it in its upstreams. */
  readonly health: ReportedHealth;
  /** Whether any of its upstreams may use it: no operator has taken it out of all of them. */
  readonly isUsed: boolean;
}

/** What the upstreams of a backend say of it. */
interface Opinions {
  sound: boolean;
  known: boolean;
  isUsed: boolean;
}

/** The live generation, for everybody who reads what is live: health, metrics, status. */
export class LiveView {
  readonly startedAtMs = steadyNowMs();
  /** Replaced at each swap. */
  generation: Generation | undefined;

  /** Every backend once. A backend is down when it is so in any of its upstreams. */
  backends(): readonly BackendView[] {
    const all = new Map<BackendState, Opinions>();
    for (const { group } of this.generation?.upstreams.values() ?? []) {
      for (const { backend, sound, isKnown, isTakenOut } of group.members) {
        const said = all.get(backend);
        if (said === undefined) all.set(backend, { sound, known: isKnown, isUsed: !isTakenOut });
        else {
          said.sound &&= sound;
          said.known ||= isKnown;
          said.isUsed ||= !isTakenOut;
        }
      }
    }
    return Array.from(all, ([backend, { sound, known, isUsed }]) => ({
      backend,
      health: reportedHealth(sound, known, backend.connects.areFailing),
      isUsed,
    }));
  }

  health(): HealthReport {
    const backends = this.backends().map(({ backend, health, isUsed }) => ({
      name: backend.name,
      address: backend.shownAddress,
      health,
      isTakenOut: !isUsed,
    }));
    return healthReport(this.startedAtMs, backends, steadyNowMs());
  }
}

/** A backend without checks is not known, but counts as healthy unless connects to it fail. */
function reportedHealth(sound: boolean, known: boolean, connectsFail: boolean): ReportedHealth {
  if (!sound || (!known && connectsFail)) return 'unhealthy';
  return known ? 'healthy' : 'unknown';
}
