import type { NameResolver } from '../../net/dns/name-resolver.ts';
import type { SocketInheritance } from '../../net/listen/bind/socket-inheritance.ts';
import type { ProcessResources } from '../../net/resources/process-resources.ts';
import type { RotatingKeyRing } from '../../net/tls/contexts/rotating-key-ring.ts';
import type { OwnMetrics } from '../../plugin-api/index.ts';
import type { PluginLoader } from '../../plugins/plugin-loader.ts';
import type { ProxyControl } from '../../runtime/control/proxy-control.ts';
import type { TrafficRecords } from '../../runtime/reload/follow/auto-rollback.ts';
import type { ReloadParticipant } from '../../runtime/reload/reload-participant.ts';
import type { CountersControl } from '../../telemetry/control/counters-control.ts';
import type { HandStates } from '../../upstream/standing/hand-states.ts';
import type { AppObserver } from '../parts/app-observer.ts';
import type { ThreadParts } from '../parts/thread-parts.ts';

/** What serves clients. */
export interface Serving {
  readonly control: ProxyControl;
  /** Counts what this thread does. */
  readonly counters: CountersControl;
  /** Every exchange and tunnel that ends. */
  readonly records: TrafficRecords;
  /** Follows the `workers` section of the live config. */
  readonly settings: ReloadParticipant;
  /** The first config is live. */
  started(): void;
}

/** The parts of the supervisor by which clients are served. */
export interface ServingEnvironment {
  /** Relative names of log files start from its folder. */
  readonly configFile: string;
  readonly thread: ThreadParts;
  readonly plugins: PluginLoader;
  readonly names: NameResolver;
  /** The keys of the session tickets of listeners. */
  readonly ticketKeys: RotatingKeyRing;
  /** What operators have set backends to. */
  readonly hands: HandStates;
  readonly resources: ProcessResources;
  /** Sockets that listen already. */
  readonly inheritance: SocketInheritance | undefined;
  /** Answers the listener that the config makes a metrics server. */
  readonly metricsPage: OwnMetrics['page'];
  readonly observer?: AppObserver | undefined;
  /** As `AppOptions.chance`. */
  readonly chance?: (() => number) | undefined;
}
