import type { UpgradeReading, UpgradesReading } from '../../readings/upgrade.ts';

/** The outcome of an upgrade, for the endpoints that begin or show upgrades. */
export function upgradeJson({ ok, message, atMs, durationMs, pid, version }: UpgradeReading): object {
  return {
    ok,
    message,
    at: new Date(atMs).toISOString(),
    duration_ms: durationMs,
    pid: pid ?? null,
    version: version ?? null,
  };
}

export function upgradesJson({ succeeded, failed, running, last, draining }: UpgradesReading): object {
  return {
    succeeded,
    failed,
    running,
    last: last === undefined ? null : upgradeJson(last),
    draining: draining.map(({ pid, version, sinceMs }) => ({
      pid,
      version,
      since: new Date(sinceMs).toISOString(),
    })),
  };
}
