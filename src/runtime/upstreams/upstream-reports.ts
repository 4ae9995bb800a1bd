import type { BalanceError } from '../../errors.ts';
import { fieldsOf, reportFault, type FaultHandler } from '../../net/faults/plugin-fault.ts';
import type { Logger, LogSubject } from '../../plugin-api/index.ts';
import type { QueueRecord } from '../../readings/upstreams/upstream.ts';
import type { PassReason } from '../../upstream/backend/backend-state.ts';
import type { Member } from '../../upstream/group/member.ts';
import type { UpstreamObserver } from '../../upstream/group/upstream-observer.ts';
import type { RuntimeTelemetry } from './runtime-telemetry.ts';

/** Writes logs and metrics about the requests for one upstream. */
export class UpstreamReports implements UpstreamObserver {
  readonly #upstream: string;
  readonly #logger: Logger;
  readonly #telemetry: RuntimeTelemetry;

  constructor(upstream: string, logger: Logger, telemetry: RuntimeTelemetry) {
    this.#upstream = upstream;
    this.#logger = logger;
    this.#telemetry = telemetry;
  }

  passedOver(
    request: LogSubject,
    { backend }: Member,
    reason: PassReason,
    error: BalanceError | undefined,
  ): void {
    if (!this.#logger.debugEnabled) return;
    this.#logger.debug('Backend passed over', {
      ...fieldsOf(request),
      upstream: this.#upstream,
      backend: backend.name,
      reason,
      // If another backend serves the request, no other log line says why this one was passed over.
      ...(error === undefined ? {} : { error: error.message }),
    });
  }

  queueEnded(record: QueueRecord): void {
    this.#telemetry.queue?.(record);
  }
}

/**
 * Logs and counts errors that protocols throw on connections to backends.
 *
 * @param onlyProtocol the protocol if only one uses the upstream: a lease that is over no longer knows its own
 */
export function upstreamFaults(
  upstream: string,
  { logger, telemetry }: { readonly logger: Logger; readonly telemetry: RuntimeTelemetry },
  onlyProtocol: () => string | undefined,
): FaultHandler {
  const countFault = telemetry.pluginFailed?.bind(telemetry);
  return (error, subject, owner) => {
    const fault = {
      plugin: owner?.plugin ?? onlyProtocol() ?? 'unknown',
      message: 'protocol failed on a backend connection',
      error,
      // A pool may be shared: the upstream of the lease counts, and not the one that made the pool.
      fields: { listener: owner?.listener, upstream: owner?.upstream ?? upstream, ...fieldsOf(subject) },
    };
    reportFault(fault, logger, countFault);
  };
}
