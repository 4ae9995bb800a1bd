import { formatUptime } from '../config/values/units.ts';
import type { HealthReport } from '../plugin-api/host.ts';

/** One backend in a health report. */
export interface ReportedBackend {
  /** As the config writes it: `http://localhost:9001`, `localhost:9001`. */
  readonly address: string;
  readonly health: ReportedHealth;
  /** Whether an operator has taken it out: then nobody misses it, and its health does not count. Default: no. */
  readonly isTakenOut?: boolean;
}

/** `unknown`: no check has ended, or there are none. It counts as healthy. */
export type ReportedHealth = 'healthy' | 'unhealthy' | 'unknown';

const BADNESS: Readonly<Record<ReportedHealth, number>> = { healthy: 0, unknown: 1, unhealthy: 2 };

/**
 * The health of the proxy and its backends: status 503 when any backend is unhealthy that no operator has taken out, otherwise 200; the body is JSON on one
 * line, with a line feed at its end. An address that several backends share is as healthy as the worst of them.
 */
export function healthReport(
  startedAtMs: number,
  backends: Iterable<ReportedBackend>,
  nowMs: number,
): HealthReport {
  const byAddress = new Map<string, ReportedHealth>();
  let allHealthy = true;
  for (const { address, health, isTakenOut } of backends) {
    if (health === 'unhealthy' && isTakenOut !== true) allHealthy = false;
    const known = byAddress.get(address);
    if (known === undefined || BADNESS[health] > BADNESS[known]) byAddress.set(address, health);
  }
  const body = JSON.stringify({
    status: allHealthy ? 'healthy' : 'unhealthy',
    uptime: formatUptime(nowMs - startedAtMs),
    backends: Object.fromEntries(byAddress),
  });
  return { status: allHealthy ? 200 : 503, body: `${body}\n` };
}
