import type { BalanceError } from '../../errors.ts';
import { fieldsOf, reportFault, type FaultHandler } from '../../net/faults/plugin-fault.ts';
import type { Logger, LogSubject } from '../../plugin-api/index.ts';
import type { QueueRecord } from '../../readings/upstream.ts';
import type { PassReason } from '../../upstream/backend/backend-state.ts';
import type { Member } from '../../upstream/group/member.ts';
import type { UpstreamObserver } from '../../upstream/group/upstream-observer.ts';
import type { RuntimeTelemetry } from './runtime-telemetry.ts';

/** Puts into logs and metrics what becomes of the requests for one upstream. */
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
      // Where another backend takes the request, no other line says what was wrong with this one.
      ...(error === undefined ? {} : { error: error.message }),
    });
  }

  queueEnded(record: QueueRecord): void {
    this.#telemetry.queue?.(record);
  }
}

/**
 * Logs and counts what protocols throw on connections to backends.
 *
 * @param onlyProtocol the protocol that uses the upstream, where only one does: a lease that is over does not know its own any more
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
      fields: { listener: owner?.listener, upstream, ...fieldsOf(subject) },
    };
    reportFault(fault, logger, countFault);
  };
}
