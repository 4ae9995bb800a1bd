import { formatAddress } from '../values/address.ts';
import { parseBackendAddress } from '../values/backend-address.ts';
import type { FileBackend, HealthCheck } from '../schema/config-file.generated.ts';
import { formatDuration, parseDurationMs } from '../values/units.ts';

/** Normalizes a backend. One without a name gets its address as the name, as the file has it. */
export function normalizeBackend(backend: FileBackend): object {
  const { address, url } = parseBackendAddress(backend.address);
  return {
    ...backend,
    name: backend.name ?? backend.address,
    address: formatAddress(address),
    ...(url === undefined ? {} : { url }),
  };
}

/** Fills in the type of a health check: `http` when it has a path (`https` where the backends speak TLS), otherwise `tcp`. */
export function normalizeHealthCheck(check: HealthCheck, hasTls: boolean): object {
  const ofPath = hasTls ? 'https' : 'http';
  return { ...check, type: check.type ?? (check.path === undefined ? 'tcp' : ofPath) };
}

/** The timeout of a check is the interval, but at most this. */
const MAX_TIMEOUT_MS = 2_000;

/** The health check that `health_check_interval` is short for: one result is enough to take a backend out or bring it back, and a check ends before the next one begins. */
export function healthCheckOfInterval(interval: string | number): object {
  const text = typeof interval === 'number' ? `${interval}s` : interval;
  return {
    path: '/',
    interval: text,
    timeout: formatDuration(Math.max(1, Math.min(parseDurationMs(text), MAX_TIMEOUT_MS))),
    healthy_threshold: 1,
    unhealthy_threshold: 1,
    expected_status: '200',
  };
}
