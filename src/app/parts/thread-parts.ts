import type { HostNames } from '../../net/dns/host-names.ts';
import { nodeLookup } from '../../net/dns/node-lookup.ts';
import { TelemetryControl } from '../../telemetry/control/telemetry-control.ts';
import { HandshakeLog } from '../../telemetry/logs/handshake-log.ts';
import type { Logging } from '../../telemetry/logs/logging.ts';
import { Telemetry } from '../../telemetry/telemetry.ts';
import { StrayErrorLog, type ErrorAuthors } from './stray-error-log.ts';

/** What the parts of a thread are made with. */
export interface ThreadEnvironment {
  readonly logging: Logging;
  /** Finds out which plugin an error came from. */
  readonly authors: ErrorAuthors;
  /** Resolves the host name of the traces' collector. */
  readonly names: Pick<HostNames, 'lookUp'>;
  /** `service.instance.id` of spans: the same in all threads of a process. */
  readonly instanceId: string;
}

/** What each thread of a proxy has, whether it serves clients or supervises those that do. */
export interface ThreadParts {
  readonly logging: Logging;
  /** `service.instance.id` of spans: the same in all threads of a process. */
  readonly instanceId: string;
  /** Gets the records of what happens in this thread. */
  readonly telemetry: Telemetry;
  /** Applies the sections for logs and traces. */
  readonly telemetryControl: TelemetryControl;
  readonly strayErrors: StrayErrorLog;
}

export function createThreadParts({ logging, authors, names, instanceId }: ThreadEnvironment): ThreadParts {
  const { logger } = logging;
  const telemetry = new Telemetry(
    (error, failures) => {
      logger.error('telemetry failed', { error, failures });
    },
    [new HandshakeLog(logger)],
  );
  return {
    logging,
    instanceId,
    telemetry,
    telemetryControl: new TelemetryControl(telemetry, logging, {
      instanceId,
      lookup: nodeLookup(names),
    }),
    strayErrors: new StrayErrorLog(logger, authors, telemetry),
  };
}
