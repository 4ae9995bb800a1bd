import type { Logger } from '../../plugin-api/index.ts';
import type { BackendState } from '../../upstream/backend/backend-state.ts';
import type { ConnectObserver } from '../../upstream/backend/connect-trouble.ts';
import type { Member } from '../../upstream/group/member.ts';
import type { TellPanic } from '../../upstream/sharing/panic-share.ts';
import type { BreakerState } from '../../readings/upstreams/upstream.ts';
import type { EjectionObserver } from '../../upstream/standing/ejection.ts';

/** Logs when connects to a backend begin to fail, and when they work again. */
export function connectReports(
  logger: Logger,
  backend: { readonly name: string; readonly address: string },
): ConnectObserver {
  const fields = { backend: backend.name, address: backend.address };
  return {
    connectsFail: (error) => {
      logger.warn('connects to backend fail', { ...fields, error });
    },
    connectsWork: (failedForMs) => {
      const failedFor = failedForMs === undefined ? {} : { failed_for_ms: failedForMs };
      logger.warn('connects to backend work again', { ...fields, ...failedFor });
    },
  };
}

/** Logs and counts ejections of a backend from that upstream. */
export function ejectionReports(
  logger: Logger,
  upstream: string,
  { name: backend, ejections }: BackendState,
): EjectionObserver {
  return {
    ejected: ({ cause, reason, count, durationMs }) => {
      ejections[cause] += 1;
      logger.warn('backend ejected', {
        upstream,
        backend,
        reason,
        ejections_in_a_row: count,
        duration_ms: durationMs,
      });
    },
    returned: (reason) => {
      logger.info('backend is back from ejection', { upstream, backend, reason });
    },
  };
}

/** Logs each change of a circuit breaker, and counts how often it opens. */
export function breakerReports(logger: Logger, upstream: string, backend: BackendState) {
  return (state: BreakerState, reason: string): void => {
    const fields = { upstream, backend: backend.name, state, reason };
    if (state === 'open') {
      backend.breakerOpens += 1;
      logger.warn('circuit breaker opened', fields);
    } else logger.info(`circuit breaker is ${state}`, fields);
  };
}

/** Logs when the health of an upstream's backends is ignored, and when it counts again. */
export function panicReports(logger: Logger, upstream: string): TellPanic {
  return (panics, sound, all) => {
    const fields = { upstream, healthy: sound, backends: all };
    if (panics) logger.warn('too few backends are healthy: health is ignored, and all get requests', fields);
    else logger.info('enough backends are healthy: health counts again', fields);
  };
}

/** Tells at level debug why a backend that fails too often stays in. */
export function sparedReports(logger: Logger, upstream: string) {
  return ({ backend }: Member, reason: string): void => {
    if (logger.debugEnabled)
      logger.debug('backend not ejected: too many are ejected, or it is the last one', {
        upstream,
        backend: backend.name,
        reason,
      });
  };
}
