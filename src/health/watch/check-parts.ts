import type { BackendContexts } from '../../net/dial/tls/backend-contexts.ts';
import type { HostNames } from '../../net/dns/host-names.ts';
import type { ProcessResources } from '../../net/resources/process-resources.ts';
import type { Logger } from '../../plugin-api/index.ts';
import type { HandshakeObserver } from '../../readings/handshake.ts';
import type { HealthCheckRecord } from '../../readings/upstreams/upstream.ts';
import type { ProbeSource } from '../probe/probe-starter.ts';
import type { CheckTurns } from '../pace/check-turns.ts';
import type { HealthChange } from './health-feed.ts';
import type { StartPacer } from '../pace/start-pacer.ts';

/** Hears of health checks, and of the handshakes of those over TLS. */
export interface CheckTelemetry extends Partial<HandshakeObserver> {
  healthCheck?(record: HealthCheckRecord): void;
}

export interface HealthBoardOptions {
  readonly logger: Logger;
  readonly names: HostNames;
  /** What checks over TLS are made with. */
  readonly contexts: BackendContexts;
  /** Default: nothing is counted. */
  readonly telemetry?: CheckTelemetry | undefined;
  /** Default: a lack of resources is not told. */
  readonly resources?: ProcessResources | undefined;
  /** The probes of protocols. Default: none. */
  readonly probes?: ProbeSource | undefined;
  /** Called when a check finds that a backend went down or came back. Default: nobody is. */
  readonly observer?: { healthChanged(change: HealthChange): void } | undefined;
}

/** What all checks of a process work with. */
export interface CheckParts extends HealthBoardOptions {
  readonly turns: CheckTurns;
  readonly pacer: StartPacer;
}
