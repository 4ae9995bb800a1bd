import { healthReport, type ReportedHealth } from '../../health/report.ts';
import type { HealthReport } from '../../plugin-api/index.ts';
import { steadyNowMs } from '../../time/steady-now.ts';
import type { Member } from '../../upstream/group/member.ts';
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

  /** As {@link backends}, but where the circuit breakers of all backends of an upstream are open, these count as unhealthy, too. */
  health(): HealthReport {
    const cutOff = this.#cutOff();
    const backends = this.backends().map(({ backend, health, isUsed }) => ({
      name: backend.name,
      address: backend.shownAddress,
      health: cutOff.has(backend) ? 'unhealthy' : health,
      isTakenOut: !isUsed,
    }));
    return healthReport(this.startedAtMs, backends, steadyNowMs());
  }

  /** The backends of upstreams that get nothing through. */
  #cutOff(): ReadonlySet<BackendState> {
    const cutOff = new Set<BackendState>();
    for (const { group } of this.generation?.upstreams.values() ?? [])
      if (isCutOff(group.members))
        for (const { backend, isTakenOut } of group.members) if (!isTakenOut) cutOff.add(backend);
    return cutOff;
  }
}

/** Whether nothing gets through: all that may be used have open breakers. Workers share breakers, so that all say the same. */
function isCutOff(members: readonly Member[]): boolean {
  const used = members.filter(({ isTakenOut }) => !isTakenOut);
  return used.length > 0 && used.every(({ breaker }) => breaker?.state === 'open');
}

/** A backend without checks is not known, but counts as healthy unless connects to it fail. */
function reportedHealth(sound: boolean, known: boolean, connectsFail: boolean): ReportedHealth {
  if (!sound || (!known && connectsFail)) return 'unhealthy';
  return known ? 'healthy' : 'unknown';
}
