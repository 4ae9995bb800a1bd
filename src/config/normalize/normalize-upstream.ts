import { formatAddress } from '../values/address.ts';
import { parseBackendAddress } from '../values/backend-address.ts';
import type { FileBackend, HealthCheck } from '../schema/config-file.generated.ts';
import { formatDuration, parseDurationMs } from '../values/units.ts';

/** A backend with the name that it has when none is given: its address as written. */
export function normalizeBackend(backend: FileBackend): object {
  const { address, url } = parseBackendAddress(backend.address);
  return {
    ...backend,
    name: backend.name ?? backend.address,
    address: formatAddress(address),
    ...(url === undefined ? {} : { url }),
  };
}

/** A check that names a path means to ask for it. */
export function normalizeHealthCheck(check: HealthCheck): object {
  return { ...check, type: check.type ?? (check.path === undefined ? 'tcp' : 'http') };
}

/** A check that takes longer has failed, however long the interval is. */
const MAX_TIMEOUT_MS = 2_000;

/** What `health_check_interval` is short for: a check says at once whether a backend is up, and ends before the next one. */
export function healthCheckOfInterval(interval: string | number): object {
  const text = typeof interval === 'number' ? `${interval}s` : interval;
  return {
    type: 'http',
    path: '/',
    interval: text,
    timeout: formatDuration(Math.max(1, Math.min(parseDurationMs(text), MAX_TIMEOUT_MS))),
    healthy_threshold: 1,
    unhealthy_threshold: 1,
    expected_status: '200',
  };
}
