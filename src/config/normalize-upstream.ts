import { formatAddress } from './address.ts';
import { parseBackendAddress } from './backend-address.ts';
import type { FileBackend, HealthCheck } from './config-file.generated.ts';

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

/** What `health_check_interval` is short for. */
export function healthCheckOfInterval(interval: string | number): object {
  return {
    type: 'http',
    path: '/',
    interval: typeof interval === 'number' ? `${interval}s` : interval,
    expected_status: '200',
  };
}
