import { formatUptime } from '../config/values/units.ts';
import type { HealthReport } from '../plugin-api/host.ts';

/** One backend in a health report. */
export interface ReportedBackend {
  /** As the config writes it: `http://localhost:9001`, `localhost:9001`. */
  readonly address: string;
  /** Whether its last checks passed. A backend that is not checked, or not yet, counts as healthy. */
  readonly healthy: boolean;
}

/**
 * The health of the proxy and its backends: status 200 when all backends are healthy, or there are none, and 503 when any is
 * unhealthy; the body is JSON on one line, with a line feed at its end. An address that several backends share is healthy only when all
 * of them are.
 */
export function healthReport(
  startedAtMs: number,
  backends: Iterable<ReportedBackend>,
  nowMs: number,
): HealthReport {
  const byAddress = new Map<string, boolean>();
  for (const { address, healthy } of backends) {
    byAddress.set(address, healthy && byAddress.get(address) !== false);
  }
  const word = (healthy: boolean) => (healthy ? 'healthy' : 'unhealthy');
  const allHealthy = [...byAddress.values()].every((healthy) => healthy);
  const body = JSON.stringify({
    status: word(allHealthy),
    uptime: formatUptime(nowMs - startedAtMs),
    backends: Object.fromEntries([...byAddress].map(([address, healthy]) => [address, word(healthy)])),
  });
  return { status: allHealthy ? 200 : 503, body: `${body}\n` };
}
