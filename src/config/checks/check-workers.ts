import type { CheckContext } from './check-context.ts';

/** A thread that collects garbage or reads a large body may be busy for a part of this time and is not hung. */
const LEAST_HANG_TIMEOUT_MS = 1_000;

/** A worker that works hard does not count as hung. */
export function checkWorkers({ config, error }: CheckContext): void {
  if (config.workers.hang_timeout < LEAST_HANG_TIMEOUT_MS)
    error(['workers', 'hang_timeout'], 'must be at least 1s');
}
