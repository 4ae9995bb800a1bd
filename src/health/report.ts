import { formatUptime } from '../config/values/units.ts';
import type { HealthReport } from '../plugin-api/host.ts';

/** One backend in a health report. */
export interface ReportedBackend {
  /** Default: it has none of its own. */
  readonly name?: string;
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
 * line, with a line feed at its end. An address, or a name, that several backends share is as healthy as the worst of them. Names are those
 * of `GET /backends`; where no backend has another name than its address, they are left out.
 */
export function healthReport(
  startedAtMs: number,
  backends: Iterable<ReportedBackend>,
  nowMs: number,
): HealthReport {
  const byAddress = new Map<string, ReportedHealth>();
  const byName = new Map<string, ReportedHealth>();
  let allHealthy = true;
  let hasNames = false;
  for (const { name, address, health, isTakenOut } of backends) {
    if (health === 'unhealthy' && isTakenOut !== true) allHealthy = false;
    note(byAddress, address, health);
    note(byName, name ?? address, health);
    hasNames ||= name !== undefined && name !== address;
  }
  const body = JSON.stringify({
    status: allHealthy ? 'healthy' : 'unhealthy',
    uptime: formatUptime(nowMs - startedAtMs),
    backends: Object.fromEntries(byAddress),
    ...(hasNames ? { names: Object.fromEntries(byName) } : {}),
  });
  return { status: allHealthy ? 200 : 503, body: `${body}\n` };
}

function note(all: Map<string, ReportedHealth>, key: string, health: ReportedHealth): void {
  const known = all.get(key);
  if (known === undefined || BADNESS[health] > BADNESS[known]) all.set(key, health);
}
