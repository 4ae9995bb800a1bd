import type { CheckContext } from './check-context.ts';

/** A thread that collects garbage or reads a large body may be busy for a part of this time and is not hung. */
const LEAST_HANG_TIMEOUT_MS = 1_000;

/** A worker that works hard does not count as hung. */
export function checkWorkers({ config, error }: CheckContext): void {
  if (config.workers.hang_timeout < LEAST_HANG_TIMEOUT_MS)
    error(['workers', 'hang_timeout'], 'must be at least 1s');
}

/** There must be a place for what is to outlive a restart. */
export function checkKeptStates({ config: { reload }, error }: CheckContext): void {
  if (reload.keep_backend_states && reload.history_dir === undefined)
    error(['reload', 'keep_backend_states'], 'needs reload.history_dir: the states are kept there');
}

/** Who refuses new requests still takes connections: those are closed at higher values only. */
export function checkOverload({ config: { overload }, error, warn }: CheckContext): void {
  if (overload === undefined) return;
  for (const key of ['refuse', 'pause'] as const) {
    const percent = overload.heap_percent[key];
    if (percent > 0 && percent < 1)
      warn(
        ['overload', 'heap_percent', key],
        `is ${percent} per cent, and not ${Math.round(percent * 100)}: nearly any heap is fuller than that`,
      );
  }
  for (const key of ['event_loop_delay', 'heap_percent'] as const)
    if (overload[key].pause < overload[key].refuse)
      error(['overload', key, 'pause'], 'must not be less than refuse');
}
