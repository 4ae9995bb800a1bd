import type { ErrorCode } from '../../../src/errors.ts';

/** The reasons that clients see when no backend got the request. Only the log has details. */
const REASONS: Partial<Record<ErrorCode, string>> = {
  no_backend: 'no backend is available',
  circuit_open: 'no backend is available',
  queue_full: 'all backends are busy',
  queue_timeout: 'all backends are busy',
  pool_timeout: 'all backends are busy',
  resources_exhausted: 'the proxy is out of resources',
  connect_failed: 'the backend could not be reached',
  connect_timeout: 'the backend could not be reached in time',
  backend_tls: 'the backend could not be reached securely',
};

/** The short reason that the client sees for an error. */
export function failureReason(code: ErrorCode): string {
  return REASONS[code] ?? 'the backend failed';
}
